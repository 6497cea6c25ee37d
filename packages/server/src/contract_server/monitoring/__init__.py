"""Operators see whether all promises are kept."""
