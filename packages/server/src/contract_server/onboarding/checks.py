"""Checks of the values of a line before it becomes a contract or a member."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from contract_notify import LONGEST_ADDRESS, InvalidAddress, require_address
from contract_server.accounts.passwords.hasher import HASH_PREFIX
from contract_server.onboarding.lines import FIELDS, Line
from contract_server.visible_text import InvalidValue, escape, require_line

CONTRACT_FIELDS = frozenset(FIELDS) - {"member_id"}
MEMBER_FIELDS = frozenset({"record", "contract_id", "member_id", "name", "email"})

LONGEST_NAME = 200
LONGEST_COMPANY_ADDRESS = 400
LONGEST_POSTAL_CODE = 20
LONGEST_PHONE_NUMBER = 30
LONGEST_HASH = 200
EARLIEST_DAY = date(1900, 1, 1)
"""Older systems write placeholder dates, all before this one."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_HASH = re.compile(rf"{re.escape(HASH_PREFIX)}(?P<salt>[A-Za-z0-9+/]{{11,64}})\$(?P<hash>[A-Za-z0-9+/]{{22,86}})")
_SHOWN_CHARACTERS = 40
_DAY = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})", re.ASCII)
_SPREADSHEET_ERROR = re.compile(r"#+|#(?:REF|NAME|VALUE|DIV/0|NUM|NULL|SPILL|CALC|FIELD|BLOCKED|UNKNOWN)[!?]|#N/A")
_ROUNDED = re.compile(r"[+-]?\d+(?:\.\d+)?E[+-]?\d+", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"[\d,]+(?:\.\d+)?", re.ASCII)
_FORMULA = re.compile(r"['=].*")
_CONVERTED_TO_DATE = re.compile(
    r"\d{4}/\d{1,2}/\d{1,2}(?: [\d:]+)?|\d{1,2}月\d{1,2}日|\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{1,2}", re.ASCII
)
_DAMAGE_PREFIXES = frozenset("#+-0123456789")
_POSTAL_CODE_DIGITS = 7


class Fault(NamedTuple):
    """What is wrong with a field of a line, without quoting its value; of an address, its spelling may be there."""

    field: str
    reason: str


Check = Callable[[str], object]


class Checks:
    """Checks lines field by field, and returns every fault."""

    def __init__(self, today: date) -> None:
        self._contract: dict[str, Check] = {
            "contract_id": uuid,
            "started_on": lambda text: past_day(text, today),
            "company_name": name,
            "company_address": company_address,
            "postal_code": postal_code,
            "phone_number": phone_number,
            "name": name,
            "email": email,
        }
        self._contract_with_password = self._contract | {"password_hash": password_hash}
        self._member: dict[str, Check] = {"name": name, "email": email_of_member}

    def contract(self, line: Line) -> tuple[dict[str, Any], list[Fault]]:
        """The values of a contract's line, and its faults."""
        checks = self._contract_with_password if "password_hash" in line.record else self._contract
        return _checked(line, checks, CONTRACT_FIELDS)

    def member(self, line: Line) -> tuple[dict[str, Any], list[Fault]]:
        """The values of a member's line, and its faults."""
        checks = self._member | {"member_id": uuid} if "member_id" in line.record else self._member
        return _checked(line, checks, MEMBER_FIELDS)


def uuid(text: str) -> UUID:
    """Parse an id, in the usual notation only."""
    try:
        parsed = UUID(text)
    except ValueError:
        parsed = None
    if parsed is None or str(parsed) != text.lower():
        raise InvalidValue("expected a UUID, as in 018f0000-0000-7000-8000-000000000001")
    return parsed


def name(text: str) -> str:
    """Check the name of a person or a company."""
    return require_line(text, LONGEST_NAME)


def company_address(text: str) -> str:
    """Check a postal address, which a spreadsheet may have converted to a date (1-2-3)."""
    _refuse_converted(text)
    return require_line(text, LONGEST_COMPANY_ADDRESS)


def postal_code(text: str) -> str:
    """Check a postal code. A plain number must have seven digits; with fewer, leading zeros are lost."""
    _refuse_converted(text)
    if _FORMULA.fullmatch(text) or (_NUMBER.fullmatch(text) and not _is_whole_postal_code(text)):
        raise InvalidValue(
            "expected seven digits with the zeros at the beginning, as in 060-0001; format the column as text"
        )
    return require_line(text, LONGEST_POSTAL_CODE)


def phone_number(text: str) -> str:
    """Check a phone number. A plain number must begin with zero; otherwise the zero is lost."""
    _refuse_converted(text)
    if _FORMULA.fullmatch(text) or (_NUMBER.fullmatch(text) and not _is_whole_phone_number(text)):
        raise InvalidValue(
            "expected the zero at the beginning, as in 03-1234-5678, or +81; format the column as text in a spreadsheet"
        )
    return require_line(text, LONGEST_PHONE_NUMBER)


def email(text: str) -> str:
    """Check the address of a contractor or an operator, and normalize it."""
    try:
        return require_address(require_line(text, LONGEST_ADDRESS)).lower()
    except InvalidAddress as error:
        instead = f"; write {error.spelling}" if error.spelling else ""
        raise InvalidValue(f"expected one plain address: {error}{instead}") from None


def email_of_member(text: str) -> str:
    """Check the address of a member, which is kept as it is given: no mail is sent to it."""
    return require_line(text, LONGEST_ADDRESS)


def past_day(text: str, today: date) -> date:
    """Parse a day as programs or spreadsheets write it."""
    written = _DAY.fullmatch(text)
    try:
        day = date(int(written[1]), int(written[3]), int(written[4])) if written else None
    except ValueError:
        day = None
    if day is None:
        raise InvalidValue(
            f"expected a day, as in 2024-04-01 or 2024/4/1{'; format the column as a date' * text.isdecimal()}"
        )
    if not EARLIEST_DAY <= day <= today:
        raise InvalidValue(f"expected a day from {EARLIEST_DAY} up to today, {today}")
    return day


def password_hash(text: str) -> str:
    """Check a password hash. Its costs must be ours, so that the verification time reveals nothing."""
    match = _HASH.fullmatch(text)
    if match is None or len(text) > LONGEST_HASH or any(len(part) % 4 == 1 for part in match.groups()):
        raise InvalidValue(f"expected a hash that begins with {HASH_PREFIX}; leave it out otherwise")
    return text


def _checked(line: Line, checks: Mapping[str, Check], known: frozenset[str]) -> tuple[dict[str, Any], list[Fault]]:
    values, faults = {}, []
    if not line.record.keys() <= known:
        unknown = sorted(line.record.keys() - known)
        faults += [Fault(_shown(name), "expected nothing under this name here") for name in unknown]
    for field, check in checks.items():
        try:
            values[field] = check(_text(line.record.get(field)))
        except InvalidValue as error:
            faults.append(Fault(field, str(error)))
    return values, faults


def _shown(name: str) -> str:
    return escape(name[:_SHOWN_CHARACTERS])


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidValue("expected text; nothing is there" if value is None else "expected text, in quotes")
    if not value:
        raise InvalidValue("expected text; nothing is there")
    if _REPLACEMENT in value:
        place = value.index(_REPLACEMENT) + 1
        raise InvalidValue(
            f"expected characters of the file's encoding; character {place} is none: see --encoding, or write another"
        )
    if value[0] in _DAMAGE_PREFIXES:
        _refuse_damage(value)
    return value


def _refuse_damage(text: str) -> None:
    """Refuse what spreadsheets write in place of a lost value."""
    if _SPREADSHEET_ERROR.fullmatch(text):
        raise InvalidValue("expected a value; a spreadsheet wrote an error: correct its formula or widen its column")
    if _ROUNDED.fullmatch(text):
        raise InvalidValue(
            "expected every digit; a spreadsheet rounded the number: format the column as text, type it again"
        )


def _refuse_converted(text: str) -> None:
    if _CONVERTED_TO_DATE.fullmatch(text):
        raise InvalidValue(
            "expected no day; a spreadsheet made one of numbers: format the column as text, type it again"
        )


def _is_whole_postal_code(text: str) -> bool:
    return len(text) == _POSTAL_CODE_DIGITS and text.isdecimal()


def _is_whole_phone_number(text: str) -> bool:
    return text[0] == "0" and text.isdecimal()
