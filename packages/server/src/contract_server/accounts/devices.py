"""Devices that have logged in before, recognised by a cookie (OWASP, device cookies).

The cookie is a random id of the device, followed by a keyed hash of the id and the address for each account that has
logged in there. It proves these log-ins without a table, and names no person. It opens nothing: it only gives the
device a budget of its own, which no other device's failures use up.
"""

import re
from hmac import compare_digest

from contract_notify import normalize_address
from contract_server.accounts.tokens import keyed_hash, new_token
from contract_server.settings import Settings

MOST_ACCOUNTS = 5
_COOKIE = re.compile(r"[\w-]{43}(\.[0-9a-f]{64})+", re.ASCII)


class Devices:
    """Makes and reads device cookies."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.secret_key.get_secret_value().encode()

    def find(self, cookie: str | None, email: str) -> str | None:
        """Return the id of the device if its cookie proves that this account has logged in there."""
        device, proofs = _parse(cookie)
        expected = self._proof(device, email)
        return device if any(compare_digest(proof, expected) for proof in proofs) else None

    def remember(self, cookie: str | None, email: str) -> str:
        """Return the cookie that proves this log-in, too. It forgets the accounts that logged in longest ago."""
        device, proofs = _parse(cookie)
        newest = self._proof(device, email)
        others = [proof for proof in proofs if proof != newest]
        return ".".join([device, newest, *others[: MOST_ACCOUNTS - 1]])

    def _proof(self, device: str, email: str) -> str:
        return keyed_hash(self._secret, "device", device, normalize_address(email))


def _parse(cookie: str | None) -> tuple[str, list[str]]:
    """The device's id, and its proofs. A cookie that is missing or malformed belongs to a new device."""
    if cookie is None or not _COOKIE.fullmatch(cookie):
        return new_token(), []
    device, *proofs = cookie.split(".")
    return device, proofs
