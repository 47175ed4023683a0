"""Tests of telling an Antminer what to do."""
