"""Tests of the farm that is not there."""
