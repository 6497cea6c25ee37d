"""Demonstration data, and time travel through it."""
