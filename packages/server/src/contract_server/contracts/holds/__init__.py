"""Holds on the erasure of a contract: their rows, and what changes them."""
