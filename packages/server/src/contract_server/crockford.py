"""Crockford's base32, for what people read out and type: no letter is read as another character."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BITS = 5
"""The bits of a character."""

_READ_AS = str.maketrans("OIL", "011", "- ")


def read(text: str) -> str:
    """Return the characters that a person meant: capitals, without hyphens and spaces; O is 0, I and L are 1."""
    return text.strip().upper().translate(_READ_AS)
