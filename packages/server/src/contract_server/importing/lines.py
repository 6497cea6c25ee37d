"""Lines of a file, read one after the other: JSON Lines, or CSV as spreadsheets write it."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Self

import orjson

from contract_rules import complete

if TYPE_CHECKING:
    import _csv

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


class UnreadableFile(Exception):
    """None of the file can be imported; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that is not imported: which, what of it, and why. Nothing of what stands in it."""

    line: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line's number, and what stands in it by field, without the spaces around it."""

    number: int
    record: Record

    @classmethod
    def of(cls, number: int, record: Record) -> Self:
        """The line as it was read."""
        return cls(number, {name: value.strip() if isinstance(value, str) else value for name, value in record.items()})


def read_lines(file: BinaryIO, form: Format, encoding: Encoding) -> Iterator[Line | RefusedLine]:
    """The lines of the file, from its beginning. Empty ones are passed over.

    Bytes that are no characters of the encoding become U+FFFD, for which a field is refused later.

    Raises:
        UnreadableFile: A CSV file's first line does not name the fields.
    """
    text = io.TextIOWrapper(file, encoding=encoding.codec, errors="replace", newline="")
    try:
        yield from _READERS[form](text)
    finally:
        text.detach()


def _json_lines(text: io.TextIOWrapper) -> Iterator[Line | RefusedLine]:
    for number, line in enumerate(text, 1):
        if line.isspace():
            continue
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            record = None
        if isinstance(record, dict):
            yield Line.of(number, record)
        else:
            yield RefusedLine(number, "", "expected one JSON object")


def _csv_lines(text: io.TextIOWrapper) -> Iterator[Line | RefusedLine]:
    rows = csv.reader(text, strict=True)
    names = _names(next(_rows(rows), None))
    for row in _rows(rows):
        if isinstance(row, RefusedLine):
            yield row
        elif len(row.cells) != len(names):
            yield RefusedLine(
                row.number, "", f"expected {len(names)} cells, as the first line has; found {len(row.cells)}"
            )
        else:
            yield Line.of(row.number, {name: cell for name, cell in zip(names, row.cells, strict=True) if cell})


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    cells: list[str]


def _rows(rows: "_csv.Reader") -> Iterator[_Row | RefusedLine]:
    """The rows that have anything in them, each with the number of its line.

    A row takes one line. Where a quote without its partner makes one of several, each of them is refused: they may be
    other contracts'.
    """
    while True:
        number = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error:
            cells = None
        if cells is None or rows.line_num > number:
            for each in range(number, rows.line_num + 1):
                yield RefusedLine(each, "", "expected cells with commas between them, and quotes in pairs on one line")
        elif any(cells):
            yield _Row(number, cells)


def _names(header: _Row | RefusedLine | None) -> list[str]:
    names = [cell.strip() for cell in header.cells] if isinstance(header, _Row) else []
    missing = [name for name in FIELDS if name not in names and name != "password_hash"]
    unknown = [name for name in names if name not in FIELDS]
    if missing or unknown or len(set(names)) < len(names):
        raise UnreadableFile(f"the first line names the fields, each once: expected {','.join(FIELDS)}")
    return names


_READERS = complete("_READERS", Format, {Format.JSONL: _json_lines, Format.CSV: _csv_lines})
