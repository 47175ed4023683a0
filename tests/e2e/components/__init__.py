"""Tests of the cards in a browser, on a page of their own: no Home Assistant runs."""
