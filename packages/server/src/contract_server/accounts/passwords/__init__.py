"""Passwords: which ones are allowed, and how they are hashed and verified."""
