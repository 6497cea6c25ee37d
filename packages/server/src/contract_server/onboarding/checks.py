"""What a line must hold to become a contract or a member."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from contract_notify import InvalidAddress, require_address
from contract_server.accounts.email import normalized
from contract_server.accounts.passwords import HASHED_AS
from contract_server.onboarding.lines import FIELDS, Line

CONTRACT_FIELDS = frozenset(FIELDS)
MEMBER_FIELDS = frozenset({"record", "contract_id", "name", "email"})

LONGEST_NAME = 200
LONGEST_ADDRESS = 400
LONGEST_POSTAL_CODE = 20
LONGEST_PHONE_NUMBER = 30
LONGEST_HASH = 200
EARLIEST_DAY = date(1900, 1, 1)
"""Older systems write days without a meaning, and they are all before this one."""

_NOT_DECODED = "\N{REPLACEMENT CHARACTER}"
_IDEOGRAPHIC_SPACE = "\N{IDEOGRAPHIC SPACE}"
_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_HASH = re.compile(rf"{re.escape(HASHED_AS)}(?P<salt>[A-Za-z0-9+/]{{11,64}})\$(?P<hash>[A-Za-z0-9+/]{{22,86}})")
_SHOWN = 40
_DAY = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})", re.ASCII)


_ERROR_OF_A_SPREADSHEET = re.compile(r"#+|#(?:REF|NAME|VALUE|DIV/0|NUM|NULL|SPILL|CALC|FIELD|BLOCKED|UNKNOWN)[!?]|#N/A")
_ROUNDED = re.compile(r"[+-]?\d+(?:\.\d+)?E[+-]?\d+", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"[\d,]+(?:\.\d+)?", re.ASCII)
_WRITTEN_AS_A_FORMULA = re.compile(r"['=].*")
_TURNED_INTO_A_DAY = re.compile(
    r"\d{4}/\d{1,2}/\d{1,2}(?: [\d:]+)?|\d{1,2}月\d{1,2}日|\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{1,2}", re.ASCII
)
_BEGINNINGS_OF_DAMAGE = frozenset("#+-0123456789")
_POSTAL_CODE_DIGITS = 7


class Fault(NamedTuple):
    """What is wrong with a field of a line; nothing of what stands in it."""

    field: str
    reason: str


class Unfit(ValueError):
    """A value is not what its field takes; the message says what is expected, and does not quote it."""


Check = Callable[[str], object]


class Checks:
    """Checks lines one field after the other, and says of each that is wrong why."""

    def __init__(self, today: date) -> None:
        self._contract: dict[str, Check] = {
            "contract_id": identity,
            "started_on": lambda text: past_day(text, today),
            "company_name": lambda text: short(text, LONGEST_NAME),
            "company_address": company_address,
            "postal_code": postal_code,
            "phone_number": phone_number,
            "name": lambda text: short(text, LONGEST_NAME),
            "email": address,
        }
        self._contract_with_password = self._contract | {"password_hash": password_hash}
        self._member: dict[str, Check] = {"name": lambda text: short(text, LONGEST_NAME), "email": address}

    def contract(self, line: Line) -> tuple[dict[str, Any], list[Fault]]:
        """The values of a contract's line, and what is wrong with it."""
        checks = self._contract_with_password if "password_hash" in line.record else self._contract
        return _checked(line, checks, CONTRACT_FIELDS)

    def member(self, line: Line) -> tuple[dict[str, Any], list[Fault]]:
        """The values of a member's line, and what is wrong with it."""
        return _checked(line, self._member, MEMBER_FIELDS)


def identity(text: str) -> UUID:
    """A contract's id."""
    try:
        found = UUID(text)
    except ValueError:
        found = None
    if found is None or str(found) != text.lower():
        raise Unfit("expected a UUID, as in 018f0000-0000-7000-8000-000000000001")
    return found


def short(text: str, longest: int) -> str:
    """A text in one line."""
    if len(text) > longest:
        raise Unfit(f"expected at most {longest} characters; found {len(text)}")
    if not text.isprintable() and not text.replace(_IDEOGRAPHIC_SPACE, " ").isprintable():
        raise Unfit(_unprintable(text))
    return text


def company_address(text: str) -> str:
    """An address, as long as no spreadsheet took 1-2-3 for a day."""
    _refuse_days(text)
    return short(text, LONGEST_ADDRESS)


def postal_code(text: str) -> str:
    """A postal code with its zeros: of those that are a number, only one with seven digits has them all."""
    _refuse_days(text)
    if _WRITTEN_AS_A_FORMULA.fullmatch(text) or (_NUMBER.fullmatch(text) and not _is_whole_postal_code(text)):
        raise Unfit("expected seven digits with the zeros at the beginning, as in 060-0001; format the column as text")
    return short(text, LONGEST_POSTAL_CODE)


def phone_number(text: str) -> str:
    """A phone number with its zero: one that is a plain number begins with it."""
    _refuse_days(text)
    if _WRITTEN_AS_A_FORMULA.fullmatch(text) or (_NUMBER.fullmatch(text) and not _is_whole_phone_number(text)):
        raise Unfit(
            "expected the zero at the beginning, as in 03-1234-5678, or +81; format the column as text in a spreadsheet"
        )
    return short(text, LONGEST_PHONE_NUMBER)


def address(text: str) -> str:
    """An e-mail address, in lower case."""
    try:
        return require_address(normalized(text))
    except InvalidAddress as error:
        raise Unfit(f"expected one plain address: {error}") from None


def past_day(text: str, today: date) -> date:
    """A day, as programs or as spreadsheets write it."""
    written = _DAY.fullmatch(text)
    try:
        day = date(int(written[1]), int(written[3]), int(written[4])) if written else None
    except ValueError:
        day = None
    if day is None:
        raise Unfit(f"expected a day, as in 2024-04-01 or 2024/4/1{'; format the column as a date' * text.isdecimal()}")
    if not EARLIEST_DAY <= day <= today:
        raise Unfit(f"expected a day from {EARLIEST_DAY} up to today, {today}")
    return day


def password_hash(text: str) -> str:
    """A hash that costs exactly as much to verify as one of ours, so that the time tells nobody whose it is."""
    found = _HASH.fullmatch(text)
    if found is None or len(text) > LONGEST_HASH or any(len(part) % 4 == 1 for part in found.groups()):
        raise Unfit(f"expected a hash that begins with {HASHED_AS}; leave it out otherwise")
    return text


def _checked(line: Line, checks: Mapping[str, Check], known: frozenset[str]) -> tuple[dict[str, Any], list[Fault]]:
    values, faults = {}, []
    if not line.record.keys() <= known:
        unknown = sorted(line.record.keys() - known)
        faults += [Fault(_shown(name), "expected nothing under this name here") for name in unknown]
    for field, check in checks.items():
        try:
            values[field] = check(_text(line.record.get(field)))
        except Unfit as unfit:
            faults.append(Fault(field, str(unfit)))
    return values, faults


def _shown(name: str) -> str:
    return "".join(each if each.isprintable() else _NOT_DECODED for each in name[:_SHOWN])


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unfit("expected text; nothing is there" if value is None else "expected text, in quotes")
    if not value:
        raise Unfit("expected text; nothing is there")
    if _NOT_DECODED in value:
        place = value.index(_NOT_DECODED) + 1
        raise Unfit(
            f"expected characters of the file's encoding; character {place} is none: see --encoding, or write another"
        )
    if value[0] in _BEGINNINGS_OF_DAMAGE:
        _refuse_damage(value)
    return value


def _refuse_damage(text: str) -> None:
    """Refuse what spreadsheets write where a value is lost."""
    if _ERROR_OF_A_SPREADSHEET.fullmatch(text):
        raise Unfit("expected a value; a spreadsheet wrote an error: correct its formula or widen its column")
    if _ROUNDED.fullmatch(text):
        raise Unfit("expected every digit; a spreadsheet rounded the number: format the column as text, type it again")


def _refuse_days(text: str) -> None:
    if _TURNED_INTO_A_DAY.fullmatch(text):
        raise Unfit("expected no day; a spreadsheet made one of numbers: format the column as text, type it again")


def _is_whole_postal_code(text: str) -> bool:
    return len(text) == _POSTAL_CODE_DIGITS and text.isdecimal()


def _is_whole_phone_number(text: str) -> bool:
    return text[0] == "0" and text.isdecimal()


def _unprintable(text: str) -> str:
    """Where the first character is that cannot be seen, what it is, and what to write instead."""
    place, character = next(
        (place, each) for place, each in enumerate(text, 1) if not each.isprintable() and each != _IDEOGRAPHIC_SPACE
    )
    if character in _LINE_BREAKS:
        return f"expected one line; character {place} is a line break: write a space"
    known = f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
    match unicodedata.category(character):
        case "Co":
            return f"expected characters that every system has; character {place} is 外字 ({known}): write another"
        case "Zs":
            return f"expected ordinary spaces; character {place} is another one ({known}): write a space"
        case _:
            return f"expected characters that can be seen; character {place} cannot ({known}): leave it out"
