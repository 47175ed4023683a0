"""Tests of extension packs as data: read, checked and tried."""
