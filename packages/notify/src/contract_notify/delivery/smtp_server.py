"""Settings of the mail server: address, encryption, log-in, timeouts."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from contract_notify.failures import RETRY_AFTER_UNKNOWN_SECONDS
from contract_notify.server_url import ServerUrl

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_GREETING: Final = re.compile(r"[A-Za-z0-9.-]+|\[[A-Za-z0-9.:]+\]")
_OPTIONS: Final = frozenset({"starttls", "ca", "ehlo", "reply_timeout", "send_timeout"})
_LONGEST_SEND: Final = RETRY_AFTER_UNKNOWN_SECONDS - 60
"""A repeated attempt must find the first one ended and its result recorded."""


@dataclass(frozen=True)
class SmtpServer:
    """A mail server that relays mail. Times in seconds.

    There is no "TLS if offered": an attacker on the line would not offer it. A password leaves this machine only
    over TLS.
    """

    host: str
    port: int
    implicit_tls: bool = False
    """TLS from the first byte (`smtps`)."""
    starttls: bool = True
    """Require STARTTLS before any other command. Without effect with `implicit_tls`."""
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    """File of certificates to trust in place of the system's."""
    ehlo: str | None = None
    """Name in EHLO; by default the sender's domain, which reveals nothing about this machine."""
    reply_timeout: float = 10.0
    """Limit for each answer before the mail itself is sent."""
    send_timeout: float = 45.0
    """Limit for one mail in all: its turn, the connection, and the last answer."""

    def __post_init__(self) -> None:
        """Refuse a password without TLS, half a log-in, a longer limit than the lease, or an invalid name."""
        if self.username is not None and not self.uses_tls and self.host not in _LOOPBACK:
            raise ValueError("a password is sent over TLS only: use smtps:// or starttls=required")
        if (self.username is None) != (self.password is None):
            raise ValueError("user name and password come together")
        if self.send_timeout > _LONGEST_SEND:
            raise ValueError(f"send_timeout is at most {_LONGEST_SEND} seconds, because later the mail is sent again")
        if self.ehlo is not None and not _GREETING.fullmatch(self.ehlo):
            raise ValueError("ehlo is a host name, or an address in brackets")

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted when the mail is sent."""
        return self.implicit_tls or self.starttls

    @classmethod
    def from_url(cls, url: str) -> Self:
        """The server of `smtp://user:password@host:587?starttls=required` or `smtps://user:password@host:465`.

        User name and password are percent-encoded. The options are `starttls` (`required`, the default, or
        `never`; for `smtp` only), `ca` (a file of certificates), `ehlo`, `reply_timeout` and `send_timeout`.
        Raises `ValueError`, which never quotes the URL: it may hold a password.
        """
        parts = ServerUrl.parse(url, schemes=("smtp", "smtps"), options=_OPTIONS)
        if parts.path:
            raise ValueError("a mail server's URL has the form smtp://user:password@host:port?option=value")
        options = parts.options
        implicit_tls = parts.scheme == "smtps"
        if implicit_tls and "starttls" in options:
            raise ValueError("starttls is an option of smtp://; smtps:// is encrypted from the first byte")
        return cls(
            host=parts.host,
            port=parts.port or (465 if implicit_tls else 587),
            implicit_tls=implicit_tls,
            starttls=not implicit_tls and _required(options.get("starttls", "required")),
            username=parts.user,
            password=parts.password,
            ca=Path(options["ca"]) if "ca" in options else None,
            ehlo=options.get("ehlo"),
            reply_timeout=_seconds(options, "reply_timeout", default=cls.reply_timeout),
            send_timeout=_seconds(options, "send_timeout", default=cls.send_timeout),
        )


def _required(starttls: str) -> bool:
    if starttls not in {"required", "never"}:
        raise ValueError("starttls is either required or never")
    return starttls == "required"


def _seconds(options: Mapping[str, str], name: str, *, default: float) -> float:
    try:
        seconds = float(options.get(name, default))
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(f"{name} is a positive number of seconds")
    return seconds
