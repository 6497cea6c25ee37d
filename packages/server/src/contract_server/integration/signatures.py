"""Signatures by Standard Webhooks 1.0 (https://www.standardwebhooks.com), so that receivers can use its libraries."""

import base64
import binascii
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from standardwebhooks import Webhook

_PREFIX = "whsec_"
_BYTES = 32
_ACCEPTED_BYTES = range(24, 65)


class InvalidSecret(ValueError):
    """A text that is no secret; the message says what to write, and does not quote it."""


def new_secret() -> str:
    """Return a random secret, in the form in which receivers store it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def require_secret(text: str) -> None:
    """Check the form of a secret.

    Raises:
        InvalidSecret: It is not of the form.
    """
    try:
        size = len(base64.b64decode(text.removeprefix(_PREFIX), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not text.startswith(_PREFIX) or size not in _ACCEPTED_BYTES:
        raise InvalidSecret(
            "expected a secret: whsec_ and 24 to 64 bytes in base64, as `echo whsec_$(openssl rand -base64 32)` writes"
        )


def signed_headers(message_id: str, at: datetime, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """Return the headers of a message: one signature by each secret, so that a receiver can replace its own."""
    signed_at = at.astimezone(UTC)  # `sign` takes any other zone's clock for UTC's
    signatures = [Webhook(key).sign(message_id, signed_at, body.decode()) for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
