"""Words that are planted where people's data is kept, and a search that finds them in whatever form they come back.

Data does not lie about as it was typed: mails carry it in base64 and quoted-printable, headers in RFC 2047, links
percent-encoded, PostgreSQL shows bytes in hex, other programs write UTF-16, and search columns are normalised and
case-folded. A search that knows only the plain form would find nothing and prove nothing.
"""

import base64
import json
import quopri
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from functools import cached_property
from random import Random
from urllib.parse import quote

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
_KANA = "アイウエオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポ"
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
_ENCODED_WORDS = re.compile(r"=\?[\w-]+\?[bqBQ]\?[^?\s]*\?=(?:\s*=\?[\w-]+\?[bqBQ]\?[^?\s]*\?=)*")
_LINE_BREAK = re.compile(rb"=?(?:\r?\n|\\n)[ \t]?")


@dataclass(frozen=True)
class Canary:
    """What is planted in one column of one contract: two words, either of which gives it away."""

    table: str
    column: str
    word: str
    kana: str

    @classmethod
    def thrown(cls, table: str, column: str, dice: Random) -> "Canary":
        """A canary that nobody has seen before."""
        word, kana = "".join(dice.choices(_LETTERS, k=8)), "".join(dice.choices(_KANA, k=5))
        return cls(table, column, word, kana)

    @property
    def text(self) -> str:
        """As it stands in the column: an address where the product wants one, and there in small letters."""
        if self.column in {"email", "recipient"}:
            return f"{self.word.lower()}@example.jp"
        return self.word + self.kana

    @property
    def words(self) -> list[str]:
        """What to look for."""
        return [part for part in (self.word, self.kana) if part.casefold() in self.text.casefold()]


@dataclass
class Haystack:
    """Everything that is searched, with the places where it was found."""

    places: dict[str, bytes] = field(default_factory=dict)

    def shows(self, canary: Canary) -> bool:
        """Whether any word of the canary is there, in any form."""
        return any(self._shows(word) for word in canary.words)

    def _shows(self, word: str) -> bool:
        return normal(word) in self._as_text or any(trace in self._as_bytes for trace in traces(word))

    @cached_property
    def _as_bytes(self) -> bytes:
        """As it is, and once more with the lines joined that some encoding may have broken."""
        raw = b"\0".join(self.places.values())
        return raw + b"\0" + _LINE_BREAK.sub(b"", raw)

    @cached_property
    def _as_text(self) -> str:
        """As people read it: headers decoded, all ways to write a letter made one."""
        text = self._as_bytes.decode(errors="replace")
        return normal(text) + "\0" + normal("\0".join(decoded_words(text)))


def normal(text: str) -> str:
    """The same for all ways to write the same letters: full and half width, composed or not, large and small."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def decoded_words(text: str) -> Iterator[str]:
    """What the encoded words of RFC 2047 say."""
    for found in _ENCODED_WORDS.findall(text):
        try:
            yield str(make_header(decode_header(found)))
        except (HeaderParseError, UnicodeError, LookupError):
            continue


def traces(word: str) -> Iterator[bytes]:
    """The bytes that would be there if the word were, in each form that has bytes of its own."""
    escaped = json.dumps(word)[1:-1]
    yield from (
        escaped.encode(),
        re.sub(r"\\u....", lambda code: code[0].upper().replace("U", "u", 1), escaped).encode(),
    )
    for encoding in _ENCODINGS:
        raw = word.encode(encoding)
        percent = quote(raw, safe="")
        yield raw
        yield from (raw.hex().encode(), raw.hex().upper().encode())
        yield from (percent.encode(), re.sub("%..", lambda code: code[0].lower(), percent).encode())
        yield quopri.encodestring(raw).replace(b"=\n", b"")
        yield from in_base64(raw)


def in_base64(raw: bytes) -> Iterator[bytes]:
    """What base64 makes of the bytes wherever they stand among others, in both alphabets."""
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + raw)
        head = (0, 2, 3)[shift]  # characters into which the bytes before reach
        tail = (len(raw) + shift) % 3  # and those into which the bytes after reach
        inner = encoded[head : len(encoded) - (0, 3, 2)[tail]]
        yield from (inner, inner.translate(bytes.maketrans(b"+/", b"-_")))
