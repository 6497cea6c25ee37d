"""Content negotiation: `Content-Type`, `Accept` and `Accept-Language` of RFC 9110.

Each header is parsed in one pass, in time linear in its length. Clients send the same few texts again and again, so the
last results are cached. The length of a header is bounded before (`connections/body_limit.py`), which bounds the cache.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from contract_rules import Language, complete


class MediaType(StrEnum):
    """The media type of a response. The body is the same; the meaning of the HTTP status differs."""

    JSON = "application/json"
    GRAPHQL_RESPONSE = "application/graphql-response+json"


STATUS_BEFORE_EXECUTION = complete(
    "STATUS_BEFORE_EXECUTION", MediaType, {MediaType.JSON: 200, MediaType.GRAPHQL_RESPONSE: 400}
)
"""The status of a response to a request that could not be executed."""

DEFAULT_LANGUAGE = Language.JA

_CACHED_TEXTS = 256
_DECIMAL = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")


class _Part(NamedTuple):
    """One part of a header: a name and its parameters; all names in lower case."""

    name: str
    parameters: dict[str, str]

    @property
    def quality(self) -> float:
        """The quality: 1 where it is missing, 0 where it is malformed."""
        written = self.parameters.get("q", "1")
        return min(float(written), 1.0) if _DECIMAL.fullmatch(written) else 0.0

    @property
    def is_utf_8(self) -> bool:
        return self.parameters.get("charset", "utf-8").lower() == "utf-8"


@lru_cache(_CACHED_TEXTS)
def answer_type(accept: str | None) -> MediaType | None:
    """Choose the media type of the response; None where the client accepts neither.

    The most specific range sets the quality of a type. Of equal qualities, the first in the header wins. A client
    without `Accept` gets `application/json`.

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
    ranks = {media_type: _rank(media_type, ranges) for media_type in MediaType}
    best = max(MediaType, key=ranks.__getitem__)
    return best if ranks[best][0] > 0 else None


def _rank(media_type: MediaType, ranges: dict[str, tuple[float, int]]) -> tuple[float, int]:
    """The quality and the position of the most specific range that matches the media type."""
    for name in (media_type, "application/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0, 0


@lru_cache(_CACHED_TEXTS)
def is_json(content_type: str | None) -> bool:
    """Whether a body is declared as JSON in UTF-8. A browser sends that to another site only with permission."""
    part = _part(content_type or "")
    return part.name == MediaType.JSON and part.is_utf_8


@lru_cache(_CACHED_TEXTS)
def answer_language(accept_language: str | None) -> Language:
    """Choose the language of messages; Japanese where the client accepts none of ours.

    >>> answer_language("fr, en-GB;q=0.8, ja;q=0.5")
    <Language.EN: 'en'>
    """
    best, best_quality = DEFAULT_LANGUAGE, 0.0
    for part in _parts(accept_language or ""):
        language = part.name.partition("-")[0]
        if language in _LANGUAGES and part.quality > best_quality:
            best, best_quality = _LANGUAGES[language], part.quality
    return best


_LANGUAGES = {str(language): language for language in Language}


def _parts(header: str) -> Iterator[_Part]:
    return map(_part, _split(header, ","))


def _part(text: str) -> _Part:
    """Parse a name and its parameters; of several parameters of one name the first counts."""
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
    """Split at separators outside quoted strings; an open quote ends with the text."""
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
