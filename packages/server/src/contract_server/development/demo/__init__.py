"""Demonstration data, and the clock that can be moved."""
