"""Tests of the integration; the folders mirror the package."""
