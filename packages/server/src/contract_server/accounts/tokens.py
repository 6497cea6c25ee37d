"""Opaque random tokens, of which only the hash is stored, and hashes that only this deployment can compute."""

import hashlib
import hmac
import secrets

_BYTES = 32


def new_token() -> str:
    """256 random bits, in characters that are safe in a cookie, a header and a link."""
    return secrets.token_urlsafe(_BYTES)


def hash_token(token: str) -> str:
    """Hash a token for storage. A fast hash is enough, because a random token cannot be guessed."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def keyed_hash(secret: bytes, *parts: str) -> str:
    """Hash texts with a secret, as 64 digits. Without the secret, a known text cannot be recognised by its hash."""
    # with lengths, because ("ab", "c") and ("a", "bc") are different; any typed text is allowed
    message = b"".join(len(part).to_bytes(4) + part for part in (text.encode(errors="surrogatepass") for text in parts))
    return hmac.new(secret, message, "sha256").hexdigest()
