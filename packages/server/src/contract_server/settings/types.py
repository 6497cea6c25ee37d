"""Types of settings. Their error messages say what is expected and never quote a password."""

import ipaddress
import re
import zlib
from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, SecretStr

from contract_notify import InvalidAddress, ServerUrl, SmtpServer, require_address
from contract_server.visible_text import require_line

HIDDEN = "***"

_LONGEST_SENDER_NAME = 100
_POSTGRES = {"postgresql", "postgres"}

_LEAST_COMPRESSED = 32  # bytes; of a million keys of 32 random hexadecimal digits none took fewer than 35
_PLACEHOLDERS = ("change", "default", "example", "password", "replace", "secret")

_ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")
_HEADER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]*")


def _postgres_url(value: SecretStr) -> SecretStr:
    parts = _split(value.get_secret_value())
    has_host = bool(parts.hostname) or "host=" in parts.query  # host= in the query is a socket's folder
    if parts.scheme not in _POSTGRES or not has_host or len(parts.path) <= 1:
        raise ValueError("expected postgresql://user:password@host:port/database")
    return value


def _redis_url(value: SecretStr) -> SecretStr:
    try:
        parse_redis_url(value.get_secret_value())
    except ValueError as error:
        raise ValueError(f"expected redis://user:password@host:port/number, or rediss://… for TLS: {error}") from None
    return value


def parse_redis_url(text: str) -> ServerUrl:
    """Parse the URL of a Redis; `ca`, `cert` and `key` of `rediss://` are files.

    Raises:
        ValueError: It is no such URL; the message does not quote it.
    """
    url = ServerUrl.parse(text, schemes=("redis", "rediss"), options=("ca", "cert", "key"))
    if not re.fullmatch(r"\d*", url.path, re.ASCII):
        raise ValueError("the path is the number of a database")
    if url.options and url.scheme == "redis":
        raise ValueError("ca, cert and key are options of rediss://")
    return url


def _smtp_url(value: SecretStr) -> SecretStr:
    try:
        SmtpServer.from_url(value.get_secret_value())
    except ValueError as error:
        raise ValueError(f"expected smtp://user:password@host:port or smtps://…: {error}") from None
    return value


def _web_url(value: str) -> str:
    parts = _split(value)
    if parts.scheme not in {"https", "http"} or not parts.hostname or not value.isprintable() or " " in value:
        raise ValueError("expected https://host or http://host:port, perhaps with a path")
    return value


def _security_contact(value: str) -> str:
    address = value.removeprefix("mailto:")
    try:
        return _web_url(value) if address == value else f"mailto:{require_address(address)}"
    except ValueError:
        raise ValueError("expected mailto:security@example.jp or https://host/path") from None


def _base_url(value: str) -> str:
    parts = _split(_web_url(value))
    if parts.query or parts.fragment or parts.username:
        raise ValueError("expected https://host or http://host:port, without ?, # and user: links are made from it")
    return value.rstrip("/")


def _mail_address(value: str) -> str:
    try:
        return require_address(value)
    except InvalidAddress as error:
        raise ValueError(f"expected one plain address, as in no-reply@example.jp: {error}") from None


def _sender_name(value: str) -> str:
    return require_line(value, _LONGEST_SENDER_NAME)


def _mail_domain(value: str) -> str:
    try:
        return require_address(f"postmaster@{value}").partition("@")[2]
    except InvalidAddress:
        raise ValueError("expected a domain, as in example.jp") from None


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    for origin in value:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError("expected origins as https://host or https://host:port, without a path")
    return value


def _header_names(value: tuple[str, ...]) -> tuple[str, ...]:
    if not all(map(_HEADER_NAME.fullmatch, value)):
        raise ValueError("expected names of headers, as X-Team, separated by commas")
    return value


PostgresUrl = Annotated[SecretStr, AfterValidator(_postgres_url)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
SmtpUrl = Annotated[SecretStr, AfterValidator(_smtp_url)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
SecurityContact = Annotated[str, AfterValidator(_security_contact)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
SenderName = Annotated[str, AfterValidator(_sender_name)]
MailDomain = Annotated[str, AfterValidator(_mail_domain)]
Origins = Annotated[tuple[str, ...], AfterValidator(_origins)]
HeaderNames = Annotated[tuple[str, ...], AfterValidator(_header_names)]


def is_public(url: str) -> bool:
    """Whether other machines' browsers can use the URL safely: TLS, and not a loopback address.

    >>> is_public("https://keiyaku.example.jp"), is_public("http://keiyaku.example.jp"), is_public("https://[::1]")
    (True, False, False)
    """
    parts = urlsplit(url)
    return parts.scheme == "https" and not _is_loopback(parts.hostname or "")


def is_guessable(key: str) -> bool:
    """Whether a key repeats itself, counts up, or was meant to be replaced. `openssl rand` never writes such a key.

    >>> [is_guessable(key) for key in ("omakase-" * 4, "abcdefghijklmnopqrstuvwxyz", "change-it-J8vX3mkQ2zW7pTd9")]
    [True, True, True]
    """
    characters = key.encode()
    steps = bytes((after - before) % 256 for before, after in pairwise(characters))
    shortest = min(len(zlib.compress(text, 9)) for text in (characters, steps))
    return shortest < _LEAST_COMPRESSED or any(word in key.lower() for word in _PLACEHOLDERS)


def is_too_wide(network: IPv4Network | IPv6Network) -> bool:
    """Whether a network holds more than the largest private one of its family: 10.0.0.0/8, fc00::/7."""
    return network.prefixlen < (8 if network.version == 4 else 7)  # noqa: PLR2004 - said above


def without_password(secret: SecretStr) -> str:
    """Mask a secret for display: in a URL the password and the options, otherwise everything.

    >>> without_password(SecretStr("postgresql://server:hidden@db.example.jp:5432/contracts?sslpassword=hidden"))
    'postgresql://server:***@db.example.jp:5432/contracts?***'
    """
    text = secret.get_secret_value()
    if "://" not in text:
        return HIDDEN
    try:
        parts = urlsplit(text)
    except ValueError:
        return HIDDEN
    if not parts.scheme or not parts.netloc:
        return HIDDEN
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    shown = f"{parts.scheme}://{name}{colon and f':{HIDDEN}'}{at}{host}{parts.path}"
    return f"{shown}?{HIDDEN}" if parts.query else shown


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        hosts = parts.netloc.rpartition("@")[2]
        for host in hosts.split(",") if parts.scheme in _POSTGRES else [hosts]:  # primary and standbys
            _ = urlsplit(f"//{host}").port
    except ValueError:
        raise ValueError("expected an address whose host and port can be told apart") from None
    return parts


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
