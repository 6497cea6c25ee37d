"""Lines of a file, read one after the other: JSON Lines, or CSV as spreadsheets write it.

Theory. A contract in the file must never disappear from the report, however damaged its lines are. So a line that
cannot be read is not only refused: the contract ids and the words `contract` and `member` that are still legible in
its text are read out, and they decide which contract the line concerns. In CSV, an open quote takes the lines below
into its cell; it ends before the first line that is legible on its own, so that it takes in no other contract's.
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
)

LONGEST_LINE = 65_536
"""Characters of a line that are read: more than every field at its longest, each character escaped."""

Record = dict[str, object]


class Format(StrEnum):
    """How lines are written."""

    JSONL = "jsonl"
    CSV = "csv"


class Encoding(StrEnum):
    """How characters are written."""

    UTF_8 = "utf-8"
    SHIFT_JIS = "shift_jis"

    @property
    def codec(self) -> str:
        """Python's name of it: with a byte order mark or without, and Shift_JIS as Windows has it."""
        return _CODECS[self]


_CODECS = complete("_CODECS", Encoding, {Encoding.UTF_8: "utf-8-sig", Encoding.SHIFT_JIS: "cp932"})


class Kind(StrEnum):
    """What a line records."""

    CONTRACT = "contract"
    MEMBER = "member"


class UnreadableFile(Exception):
    """None of the file can be imported; the message says what was expected."""


class Mention(NamedTuple):
    """What a line says of the contract that it concerns, as far as that is legible."""

    kind: Kind | None
    contract_id: str | None


class Line(NamedTuple):
    """A legible line: its number, what it records, and its values by field, without the spaces around them."""

    number: int
    kind: Kind
    record: Record

    @property
    def mention(self) -> Mention:
        """The contract that the line names."""
        contract_id = self.record.get("contract_id")
        legible = _ID.fullmatch(contract_id) if isinstance(contract_id, str) else None
        return Mention(self.kind, legible[0].lower() if legible else None)


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that cannot be read: why, and the contracts that it mentions. None: it is no part of a contract."""

    number: int
    field: str
    reason: str
    mentions: tuple[Mention, ...]

    @classmethod
    def of(cls, number: int, reason: str, text: str, *, field: str = "", begun: str | None = None) -> Self:
        """The line as far as its text is legible.

        Where its end is lost, `begun` is what is left of the value of `record`: the line belongs to some contract, even
        if it does not say to which.
        """
        return cls(number, field, reason, _mentions(text, begun))


_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ID = re.compile(rf"{_UUID}(?!@)", re.IGNORECASE | re.ASCII)
_KIND = re.compile(r'(contract|member)(?=["\s,]|$)')
_OF_A_RECORD = re.compile(rf'@|"(?:{"|".join(FIELDS)})"')
_RECORD_BEGUN = re.compile(r'\{(?:.*"record"\s*:\s*"(?P<begun>[a-z]*)\s*$)?', re.DOTALL)
_SOMETHING = re.compile('[^ \t\r\n\v\f,"\x1a\ufeff\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}]')


def read_lines(file: BinaryIO, form: Format, encoding: Encoding) -> Iterator[Line | BrokenLine]:
    """The lines of the file, from its beginning. Empty ones are passed over.

    Bytes that are no characters of the encoding become U+FFFD, for which a field is refused later.

    Raises:
        UnreadableFile: A CSV file's first line does not name the fields.
    """
    text = io.TextIOWrapper(file, encoding=encoding.codec, errors="replace", newline="")
    lines = _written_lines(text)
    try:
        yield from _READERS[form](lines)
    finally:
        text.detach()


def _written_lines(text: io.TextIOWrapper) -> Iterator[tuple[int, str]]:
    """The lines that have something in them, with their numbers, each cut after its longest."""
    for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE), ""), 1):
        rest = line
        while len(rest) == LONGEST_LINE and rest[-1] not in "\r\n":
            rest = text.readline(LONGEST_LINE)
        if line[0] == "\ufeff" or line[-1] == "\x1a":  # of files put together, and of DOS
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
    for number, text, cells in rows:
        if cells is None:
            reason = "expected cells with commas between them, and quotes in pairs around a cell"
            yield BrokenLine.of(number, reason, text, begun="")
        elif _is_header(cells):
            names = _names(cells)
        elif len(cells) != len(names):
            reason = f"expected {len(names)} cells, as the first line has; found {len(cells)}"
            yield BrokenLine.of(number, reason, text, begun=_record_begun(cells, names.index("record")))
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
    """The rows, each with the number of the line that it begins in; without cells, where it cannot be read."""
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
    """Whether a line is legible on its own, so that no open quote above reaches into it."""
    cells = _cells(text)
    return cells is not None and any(cell.strip() in (*Kind,) for cell in cells) and bool(_ID.search(text))


def _record_begun(cells: list[str], place: int) -> str | None:
    """What is left of the cell that says what a row records, where the row ends before it or within it.

    A line of one cell may also be the end of the row above, broken in its last cell.
    """
    begun = cells[place].strip() if len(cells) == place + 1 else ""
    if begun and any(kind.startswith(begun) for kind in Kind):
        return begun
    return "" if len(cells) <= max(place, 1) else None


def _mentions(text: str, begun: str | None) -> tuple[Mention, ...]:
    kinds = [Kind(found) for found in _KIND.findall(text)]
    ids = [found.lower() for found in _ID.findall(text)]
    if ids:
        paired = kinds[: len(ids)] if len(kinds) >= len(ids) else [None] * len(ids)
        return tuple(map(Mention, paired, ids))
    if kinds:
        return (Mention(kinds[0], None),)
    if begun:
        return (Mention(next((kind for kind in Kind if kind.startswith(begun)), None), None),)
    return (Mention(None, None),) if begun is not None or _OF_A_RECORD.search(text) else ()


def _is_header(cells: list[str]) -> bool:
    """Whether a row names the fields, as where files were put together: it holds for the rows below it."""
    return "record" in cells and _names_fields([cell.strip() for cell in cells])


def _names_fields(names: list[str]) -> bool:
    return set(FIELDS[:-1]) <= set(names) <= set(FIELDS) and len(set(names)) == len(names)


def _names(header: list[str] | None) -> list[str]:
    names = [cell.strip() for cell in header or ()]
    if not _names_fields(names):
        raise UnreadableFile(f"the first line names the fields, each once: expected {','.join(FIELDS)}")
    return names


_READERS = complete("_READERS", Format, {Format.JSONL: _json_lines, Format.CSV: _csv_lines})
