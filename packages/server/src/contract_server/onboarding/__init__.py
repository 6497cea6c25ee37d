"""Contracts and accounts come in: imports, and accounts that an operator adds."""
