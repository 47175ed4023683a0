"""Telling an Antminer what to do, one module a firmware."""
