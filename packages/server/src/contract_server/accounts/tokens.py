"""Opaque random tokens, of which only the hash is stored."""

import hashlib
import secrets

_BYTES = 32


def new_token() -> str:
    """256 random bits, in characters that are safe in a cookie, a header and a link."""
    return secrets.token_urlsafe(_BYTES)


def hash_token(token: str) -> str:
    """Hash a token for storage. A fast hash is enough, because a random token cannot be guessed."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
