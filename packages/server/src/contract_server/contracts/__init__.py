"""Contracts: what is stored of them, what changes them, what falls due, what goes."""
