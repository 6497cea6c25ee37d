"""Reader for the lines of a file: JSON Lines, or CSV as spreadsheets write it.

Theory. A contract of the file must never disappear from the report, however damaged its lines are. So a broken line is
not only refused: its text is searched for contract ids and for the words `contract` and `member`, which decide which
contract the line concerns. In CSV, an open quote extends its cell over the lines below. The cell ends before the
first line that is readable on its own, so that it swallows no other contract.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import BinaryIO, NamedTuple, Self

import orjson

from contract_rules import complete

FIELDS = (
    "record",
    "contract_id",
    "started_on",
    "company_name",
    "company_address",
    "postal_code",
    "phone_number",
    "name",
    "email",
    "password_hash",
    "member_id",
)
_OPTIONAL = frozenset({"password_hash", "member_id"})

LONGEST_LINE = 65_536
"""Characters read per line: enough for all fields at their maximum, with every character escaped."""

Record = dict[str, object]


class Format(StrEnum):
    """The format of the lines."""

    JSONL = "jsonl"
    CSV = "csv"


class Encoding(StrEnum):
    """The encoding of the characters."""

    UTF_8 = "utf-8"
    SHIFT_JIS = "shift_jis"
    CP932 = "cp932"

    @property
    def codec(self) -> str:
        """Python's codec: with or without a byte order mark, and the Windows variant of Shift_JIS."""
        return _CODECS[self]


_CODECS = complete(
    "_CODECS", Encoding, {Encoding.UTF_8: "utf-8-sig", Encoding.SHIFT_JIS: "cp932", Encoding.CP932: "cp932"}
)


class Kind(StrEnum):
    """What a line records."""

    CONTRACT = "contract"
    MEMBER = "member"


class UnreadableFile(Exception):
    """The file cannot be imported; the message says what was expected."""


class Mention(NamedTuple):
    """What can be read in a line about the contract that it concerns."""

    kind: Kind | None
    contract_id: str | None


class Line(NamedTuple):
    """A readable line: its number, what it records, and its stripped values by field."""

    number: int
    kind: Kind
    record: Record

    @property
    def mention(self) -> Mention:
        """The contract that the line names."""
        contract_id = self.record.get("contract_id")
        match = _ID.fullmatch(contract_id) if isinstance(contract_id, str) else None
        return Mention(self.kind, match[0].lower() if match else None)


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that cannot be read: why, and the contracts it mentions. Without mentions, it belongs to no contract."""

    number: int
    field: str
    reason: str
    mentions: tuple[Mention, ...]

    @classmethod
    def of(cls, number: int, reason: str, text: str, *, field: str = "", begun: str | None = None) -> Self:
        """Find the mentions in the text of a broken line.

        If the line is cut off, `begun` is the rest of the value of `record`. Such a line belongs to some contract, even
        if it does not name one.
        """
        return cls(number, field, reason, _mentions(text, begun))


_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ID = re.compile(rf"{_UUID}(?!@)", re.IGNORECASE | re.ASCII)
_KIND = re.compile(r'(contract|member)(?=["\s,]|$)')
_OF_A_RECORD = re.compile(rf'@|"(?:{"|".join(FIELDS)})"')
_RECORD_BEGUN = re.compile(r'\{(?:.*"record"\s*:\s*"(?P<begun>[a-z]*)\s*$)?', re.DOTALL)
_MEMBER_ID = re.compile(r'"member_id"\s*:\s*"[^"]*"?')
_SOMETHING = re.compile("[^ \t\r\n\v\f,\x1a\ufeff\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}]")


def read_lines(file: BinaryIO, form: Format, encoding: Encoding) -> Iterator[Line | BrokenLine]:
    """Read the lines of the file, without empty ones.

    Bytes that the encoding does not know become U+FFFD; a field that contains it is refused later.

    Raises:
        UnreadableFile: The first line of a CSV file does not name the fields.
    """
    text = io.TextIOWrapper(file, encoding=encoding.codec, errors="replace", newline="")
    lines = _written_lines(text)
    try:
        yield from _READERS[form](lines)
    finally:
        text.detach()


def _written_lines(text: io.TextIOWrapper) -> Iterator[tuple[int, str]]:
    """The lines with content and their numbers, cut to the maximum length."""
    for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE), ""), 1):
        rest = line
        while len(rest) == LONGEST_LINE and rest[-1] not in "\r\n":
            rest = text.readline(LONGEST_LINE)
        if line[0] == "\ufeff" or line[-1] == "\x1a":  # left over from concatenated files and from DOS
            line = line.lstrip("\ufeff").rstrip("\x1a")  # noqa: PLW2901 - the line without them
        if _SOMETHING.search(line):
            yield number, line


def _json_lines(lines: Iterator[tuple[int, str]]) -> Iterator[Line | BrokenLine]:
    for number, line in lines:
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            reason = f"expected one JSON object in one line; character {error.pos + 1}: {error.msg}"
            object_begun = _RECORD_BEGUN.search(line)
            yield BrokenLine.of(number, reason, line, begun=object_begun and (object_begun["begun"] or ""))
            continue
        if isinstance(record, dict):
            yield _line(number, record, line)
        else:
            yield BrokenLine.of(number, "expected one JSON object in one line", line)


def _csv_lines(lines: Iterator[tuple[int, str]]) -> Iterator[Line | BrokenLine]:
    rows = _rows(lines)
    header = next(rows, None)
    names = _names(header.cells if header else None)
    cut_at_the_beginning = False
    for number, text, cells in rows:
        may_lack_its_beginning, cut_at_the_beginning = cut_at_the_beginning, False
        if cells is None:
            reason = "expected cells with commas between them, and quotes in pairs around a cell"
            yield BrokenLine.of(number, reason, text, begun="")
        elif _is_header(cells):
            names = _names(cells)
        elif len(cells) != len(names):
            cut_at_the_beginning = len(cells) == 1 and names[0] != "record"
            reason = f"expected {len(names)} cells, as the first line has; found {len(cells)}"
            yield BrokenLine.of(number, reason, text, begun=_record_begun(cells, names.index("record")))
        elif may_lack_its_beginning:
            yield BrokenLine.of(number, "expected no single cell in the line above: it may belong here", text)
        else:
            yield _line(number, {name: cell for name, cell in zip(names, cells, strict=True) if cell}, text)


def _line(number: int, values: Record, text: str) -> Line | BrokenLine:
    record = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    match record.get("record"):
        case "member":
            return Line(number, Kind.MEMBER, record)
        case "contract":
            return Line(number, Kind.CONTRACT, record)
        case _:
            return BrokenLine.of(number, "expected contract or member", text, field="record")


class _Row(NamedTuple):
    number: int
    text: str
    cells: list[str] | None


def _rows(lines: Iterator[tuple[int, str]]) -> Iterator[_Row]:
    """The rows, each with the number of its first line. A row that cannot be read has no cells."""
    following: tuple[int, str] | None = next(lines, None)
    while following is not None:
        number, text = following
        cells, following = _cells(text), next(lines, None)
        while cells is None and text.count('"') % 2 and following is not None and len(text) < LONGEST_LINE:
            joined = text + following[1]
            closed = joined.count('"') % 2 == 0 and not _begins_a_record(following[1])
            cells = _cells(joined) if closed else None
            if cells is None and _ID.search(following[1]):
                break
            text, following = joined, next(lines, None)
        yield _Row(number, text, cells)


def _cells(text: str) -> list[str] | None:
    if '"' not in text:
        return text.rstrip("\r\n").split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return None


def _begins_a_record(text: str) -> bool:
    """Whether a line is readable on its own, so that an open quote above ends before it."""
    cells = _cells(text)
    return cells is not None and any(cell.strip() in (*Kind,) for cell in cells) and bool(_ID.search(text))


def _record_begun(cells: list[str], place: int) -> str | None:
    """The rest of the `record` cell, if the row is cut off before or within it; None if it is not.

    A line of one cell may also be the end of the row above, with a line break in its last cell.
    """
    begun = cells[place].strip() if len(cells) == place + 1 else ""
    if begun and any(kind.startswith(begun) for kind in Kind):
        return begun
    return "" if len(cells) <= max(place, 1) else None


def _mentions(text: str, begun: str | None) -> tuple[Mention, ...]:
    kinds = [Kind(word) for word in _KIND.findall(text)]
    ids = [contract_id.lower() for contract_id in _ID.findall(_MEMBER_ID.sub("", text))]
    if ids:
        paired = kinds[: len(ids)] if len(kinds) >= len(ids) else [None] * len(ids)
        return tuple(map(Mention, paired, ids))
    if kinds:
        return (Mention(kinds[0], None),)
    if begun:
        return (Mention(next((kind for kind in Kind if kind.startswith(begun)), None), None),)
    return (Mention(None, None),) if begun is not None or _OF_A_RECORD.search(text) else ()


def _is_header(cells: list[str]) -> bool:
    """Whether a row is a header for the rows below it, as in concatenated files."""
    return "record" in cells and _names_fields([cell.strip() for cell in cells])


def _names_fields(names: list[str]) -> bool:
    return set(FIELDS) - _OPTIONAL <= set(names) <= set(FIELDS) and len(set(names)) == len(names)


def _names(header: list[str] | None) -> list[str]:
    names = [cell.strip() for cell in header or ()]
    if not _names_fields(names):
        raise UnreadableFile(f"the first line names the fields, each once: expected {','.join(FIELDS)}")
    return names


_READERS = complete("_READERS", Format, {Format.JSONL: _json_lines, Format.CSV: _csv_lines})
