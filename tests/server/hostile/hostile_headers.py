"""Hostile headers: for each header that is read, long values of what its grammar makes costly."""

from collections.abc import Callable, Iterator, Mapping

import orjson
from tests.server.hostile.hostile import HostileRequest, body
from tests.server.running import LOG_IN

SIZES = (8_000, 30_000, 250_000)
NOT_A_PASSWORD = "x" * 300  # refused before any work

Text = Callable[[int], str]


def _repeated(unit: str, before: str = "", after: str = "") -> Text:
    return lambda size: before + unit * ((size - len(before) - len(after)) // len(unit)) + after


def _numbered(unit: str, before: str = "") -> Text:
    return lambda size: (
        before + "".join(unit.format(number) for number in range((size - len(before)) // len(unit) // 2))
    )


_PARAMETERS: Mapping[str, Text] = {
    "semicolons": _repeated(";", "application/json"),
    "parameters": _repeated(";a=b", "application/json"),
    "qualities": _repeated(";q=0.1", "application/json"),
    "escaped quotes": _repeated('\\"', 'application/json;a="', '"'),
    "an open quote": _repeated('\\"', 'application/json;a="'),
    "quotes": _repeated('"', "application/json;a="),
    "quoted parameters": _repeated(';a="b"', "application/json"),
    "backslashes": _repeated("\\", 'application/json;a="'),
    "parts of RFC 2231": _numbered(";q*{}*=a", "application/json"),
    "parts of RFC 2231 of one name": _repeated(";q*0*=%61", "application/json"),
    "percent signs": _repeated("%61", "application/json;charset*=utf-8''"),
    "ranges": _repeated("a/b,", "", "application/json"),
    "commas": _repeated(",", "application/json"),
    "spaces": _repeated(" ", "application/json;", "q=1"),
    "tabs": _repeated("\t;", "application/json"),
    "equal signs": _repeated("=", "application/json;a"),
    "a long quality": _repeated("0", "application/json;q=0."),
    "a long whole quality": _repeated("9", "application/json;q="),
    "comments": _repeated("(", "application/json;a="),
    "slashes": _repeated("/", "application"),
}

TEXTS: Mapping[str, Mapping[str, Text]] = {
    "accept": _PARAMETERS,
    "content-type": _PARAMETERS,
    "accept-language": {
        "semicolons": _repeated(";", "ja"),
        "ranges": _repeated("ja;q=0.1,"),
        "subtags": _repeated("-a", "ja"),
        "stars": _repeated("*,"),
        "a long quality": _repeated("9", "en;q=0."),
        "quotes": _repeated('"', "en;q="),
    },
    "cookie": {
        "pairs": _repeated("a=b;"),
        "pairs of one name": _repeated("__Host-session=b;"),
        "semicolons": _repeated(";"),
        "equal signs": _repeated("="),
        "escaped quotes": _repeated('\\"', '__Host-session="', '"'),
        "octal escapes": _repeated("\\101", '__Host-session="', '"'),
        "backslashes": _repeated("\\", '__Host-session="', '"'),
        "a long token": _repeated("a", "__Host-session="),
        "spaces": _repeated(" ", "__Host-session"),
    },
    "authorization": {
        "spaces": _repeated(" ", "Bearer ", "a"),
        "a long token": _repeated("a", "Bearer "),
        "a long scheme": _repeated("a"),
    },
    "origin": {
        "brackets": _repeated("[", "http://"),
        "at signs": _repeated("@", "http://"),
        "colons": _repeated(":", "http://"),
        "slashes": _repeated("/", "http:"),
        "letters that are no ASCII": _repeated("\xb2", "http://"),
        "labels": _repeated("a.", "https://"),
    },
    "host": {"labels": _repeated("a."), "colons": _repeated(":"), "brackets": _repeated("[")},
    "x-forwarded-for": {
        "our own": _repeated("127.0.0.1,"),
        "our own, of IPv6": _repeated("::ffff:127.0.0.1,"),
        "commas": _repeated(","),
        "a long address": _repeated("1", "127.0.0."),
        "colons": _repeated(":"),
        "dots": _repeated("."),
        "a long zone": _repeated("a", "fe80::1%"),
        "spaces": _repeated(" ", "", ",127.0.0.1"),
    },
    "x-request-id": {"letters": _repeated("a"), "hyphens": _repeated("-")},
    "content-length": {"zeros": _repeated("0", "", "9"), "digits": _repeated("9"), "letters": _repeated("a")},
    "content-encoding": {"commas": _repeated("gzip,")},
    "sec-fetch-site": {"letters": _repeated("a")},
    "access-control-request-headers": {"names": _repeated("accept,"), "commas": _repeated(",")},
    "if-none-match": {"tags": _repeated('"a",'), "quotes": _repeated('"'), "weak tags": _repeated("W/")},
    "if-modified-since": {"digits": _repeated("1"), "spaces": _repeated(" "), "comments": _repeated("(")},
    "range": {
        "ranges": _repeated("0-1,", "bytes="),
        "open ranges": _repeated("-1,", "bytes="),
        "equal": _repeated("="),
    },
    "unknown": {"letters": _repeated("a")},
}

_LOG_IN = orjson.dumps({"query": LOG_IN, "variables": {"email": "active@example.jp", "password": NOT_A_PASSWORD}})
_QUERY = b"query=%7B__typename%7D"
_READ_BY_RESOLVERS = frozenset({"cookie", "authorization", "x-forwarded-for"})


def _json_unless(name: str) -> tuple[tuple[bytes, bytes], ...]:
    return () if name == "content-type" else ((b"content-type", b"application/json"),)


def _requests_with(name: str, value: bytes) -> Iterator[HostileRequest]:
    """Every kind of request for which some code reads the header."""
    line = (name.encode(), value)
    content = _LOG_IN if name in _READ_BY_RESOLVERS else body("{ __typename }")
    yield HostileRequest(content, headers=(*_json_unless(name), line))
    yield HostileRequest(method="GET", query_string=_QUERY, headers=(line,))
    yield HostileRequest(method="GET", path="/console/console.css", headers=(line,))
    if name in ("origin", "access-control-request-headers"):
        preflight = ((b"origin", b"https://partner.example"), (b"access-control-request-method", b"POST"), line)
        yield HostileRequest(method="OPTIONS", headers=preflight)


def requests_with(name: str) -> Iterator[tuple[str, HostileRequest]]:
    """Hostile values of one header, by what they consist of."""
    for kind, text in TEXTS[name].items():
        for size in SIZES:
            for request in _requests_with(name, text(size).encode("latin-1")):
                yield f"{size} bytes of {kind}", request


def requests_of_many_lines() -> Iterator[tuple[str, HostileRequest]]:
    """Many headers: of one name, and of as many names."""
    for name in TEXTS:
        lines = ((name.encode(), b"127.0.0.1"),) * 20_000
        yield f"20,000 lines of {name}", HostileRequest(body("{ __typename }"), headers=(*_json_unless(name), *lines))
    names = ((b"x-%d" % number, b"a") for number in range(20_000))
    yield "20,000 names", HostileRequest(body("{ __typename }"), headers=(*_json_unless("x"), *names))
