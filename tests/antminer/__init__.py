"""Tests of reading one Antminer."""
