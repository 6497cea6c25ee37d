"""Opaque tokens: random, told once, and kept as a hash alone."""

import hashlib
import secrets

_BYTES = 32


def new_token() -> str:
    """256 random bits, in characters that a cookie, a header and a link can carry."""
    return secrets.token_urlsafe(_BYTES)


def hash_token(token: str) -> str:
    """What is kept of a token. It has nothing to guess in it, so that one quick hash is enough."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
