"""What a client sends and what it takes: `Content-Type`, `Accept` and `Accept-Language`, as RFC 9110 writes them.

Each text is read once from its beginning to its end, so that reading takes as long as the text is. Clients of one kind
send the same texts again and again: the last ones are kept with what they mean. The length of a header is bounded
before (`app/body_limit.py`), and so is what is kept.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from contract_rules import Language, complete


class MediaType(StrEnum):
    """How an answer is written. The bytes are the same; what differs is the meaning of the HTTP status."""

    JSON = "application/json"
    GRAPHQL_RESPONSE = "application/graphql-response+json"


STATUS_BEFORE_EXECUTION = complete(
    "STATUS_BEFORE_EXECUTION", MediaType, {MediaType.JSON: 200, MediaType.GRAPHQL_RESPONSE: 400}
)
"""The status of an answer to a request that could not be executed."""

DEFAULT_LANGUAGE = Language.JA

_TEXTS_KEPT = 256
_DECIMAL = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")


class _Part(NamedTuple):
    """One part of a header: a name, and its parameters by theirs; all names in lower case."""

    name: str
    parameters: dict[str, str]

    @property
    def quality(self) -> float:
        """How much the part is wanted: fully where it does not say, not at all where it cannot be read."""
        written = self.parameters.get("q", "1")
        return min(float(written), 1.0) if _DECIMAL.fullmatch(written) else 0.0

    @property
    def is_utf_8(self) -> bool:
        return self.parameters.get("charset", "utf-8").lower() == "utf-8"


@lru_cache(_TEXTS_KEPT)
def answer_type(accept: str | None) -> MediaType | None:
    """The media type that the client likes best of those we write; None where it takes none of them.

    The most specific range decides how much a type is liked. Of equals, the first in the header wins, then
    `application/json`, which a client gets that does not say.

    >>> answer_type("application/graphql-response+json, application/json;q=0.9")
    <MediaType.GRAPHQL_RESPONSE: 'application/graphql-response+json'>
    >>> answer_type("image/png") is None
    True
    """
    if accept is None or not accept.strip():
        return MediaType.JSON
    ranges: dict[str, tuple[float, int]] = {}
    for place, part in enumerate(_parts(accept)):
        if part.is_utf_8:
            ranges.setdefault(part.name, (part.quality, -place))
    liked = {each: _liking(each, ranges) for each in MediaType}
    best = max(MediaType, key=liked.__getitem__)
    return best if liked[best][0] > 0 else None


def _liking(media_type: MediaType, ranges: dict[str, tuple[float, int]]) -> tuple[float, int]:
    """The quality and the place of the range that speaks of the media type most specifically."""
    for name in (media_type, "application/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0, 0


@lru_cache(_TEXTS_KEPT)
def is_json(content_type: str | None) -> bool:
    """Whether a body declares itself to be JSON in UTF-8. A browser sends that to another site only when allowed to."""
    part = _part(content_type or "")
    return part.name == MediaType.JSON and part.is_utf_8


@lru_cache(_TEXTS_KEPT)
def answer_language(accept_language: str | None) -> Language:
    """The language that the client prefers among those we speak: Japanese where it asks for none of them.

    >>> answer_language("fr, en-GB;q=0.8, ja;q=0.5")
    <Language.EN: 'en'>
    """
    best, liking = DEFAULT_LANGUAGE, 0.0
    for part in _parts(accept_language or ""):
        language = part.name.partition("-")[0]
        if language in _LANGUAGES and part.quality > liking:
            best, liking = _LANGUAGES[language], part.quality
    return best


_LANGUAGES = {str(each): each for each in Language}


def _parts(header: str) -> Iterator[_Part]:
    return map(_part, _split(header, ","))


def _part(text: str) -> _Part:
    """A name and its parameters; of several parameters of one name the first counts."""
    name, *parameters = _split(text, ";")
    values: dict[str, str] = {}
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        values.setdefault(key.strip().lower(), _unquoted(value.strip()))
    return _Part(name.strip().lower(), values)


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':  # noqa: PLR2004 - two quotes
        return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
    return value


def _split(text: str, separator: str) -> list[str]:
    """The text between separators. One inside a quoted string separates nothing; an open quote ends with the text."""
    if '"' not in text:
        return text.split(separator)
    parts, begin, quoted, escaped = [], 0, False, False
    for place, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == '"':
            quoted = not quoted
        elif quoted:
            escaped = character == "\\"
        elif character == separator:
            parts.append(text[begin:place])
            begin = place + 1
    return [*parts, text[begin:]]
