"""The URL of a server, as settings name it: `scheme://user:password@host:port/path?option=value`.

User name, password, path and options are percent-encoded: in a password `/` is `%2F`, `#` is `%23`, `?` is `%3F`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_ENCODE: Final = "write / # ? @ in a password as %2F %23 %3F %40"


@dataclass(frozen=True)
class ServerUrl:
    """The parts of a URL, decoded. Errors never quote it: it may hold a password."""

    scheme: str
    host: str
    port: int | None
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    path: str
    options: Mapping[str, str] = field(repr=False)

    @classmethod
    def parse(cls, url: str, *, schemes: Collection[str], options: Collection[str]) -> Self:
        """Parse a URL with one of these schemes and some of these options, else raise `ValueError`.

        >>> url = ServerUrl.parse("redis://user:p%2Fw@host:6380/1", schemes=["redis"], options=[])
        >>> url.user, url.password, url.host, url.port, url.path
        ('user', 'p/w', 'host', 6380, '1')
        """
        parts, port = _split(url)
        if parts.scheme not in schemes:
            raise ValueError(f"the URL begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        if not parts.hostname or parts.fragment:
            raise ValueError(f"the URL has the form {parts.scheme}://user:password@host:port?option=value; {_ENCODE}")
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port,
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
            path=unquote(parts.path.removeprefix("/")),
            options=_options(parts.query, options),
        )


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"the URL's host cannot be read, or its port is no number up to 65535; {_ENCODE}") from None
    return parts, port


def _options(query: str, known: Collection[str]) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    if len(options) < len(pairs):
        raise ValueError("an option of the URL is given twice")
    if unknown := options.keys() - set(known):
        raise ValueError(f"the options of the URL are {sorted(known)}, not {sorted(unknown)}")
    return options
