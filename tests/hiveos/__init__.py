"""Tests of reading a HiveOS account."""
