"""What a line must hold to become a contract or a member."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from contract_notify import InvalidAddress, require_address
from contract_server.accounts.addresses import normalized
from contract_server.accounts.passwords import HASHED_AS
from contract_server.importing.lines import FIELDS, Line, RefusedLine

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
_HASH = re.compile(rf"{re.escape(HASHED_AS)}(?P<salt>[A-Za-z0-9+/]{{11,64}})\$(?P<hash>[A-Za-z0-9+/]{{22,86}})")
_SHOWN = 40
_DAY = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})", re.ASCII)


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
            "company_address": lambda text: short(text, LONGEST_ADDRESS),
            "postal_code": lambda text: short(text, LONGEST_POSTAL_CODE),
            "phone_number": lambda text: short(text, LONGEST_PHONE_NUMBER),
            "name": lambda text: short(text, LONGEST_NAME),
            "email": address,
        }
        self._contract_with_password = self._contract | {"password_hash": password_hash}
        self._member: dict[str, Check] = {"name": lambda text: short(text, LONGEST_NAME), "email": address}

    def contract(self, line: Line) -> tuple[dict[str, Any], list[RefusedLine]]:
        """The values of a contract's line, and what is wrong with it."""
        checks = self._contract_with_password if "password_hash" in line.record else self._contract
        return _checked(line, checks, CONTRACT_FIELDS)

    def member(self, line: Line) -> tuple[dict[str, Any], list[RefusedLine]]:
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
        raise Unfit("expected one line of characters that can be seen")
    return text


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
        raise Unfit("expected a day, as in 2024-04-01 or 2024/4/1")
    if not EARLIEST_DAY <= day <= today:
        raise Unfit(f"expected a day from {EARLIEST_DAY} up to today, {today}")
    return day


def password_hash(text: str) -> str:
    """A hash that costs exactly as much to verify as one of ours, so that the time tells nobody whose it is."""
    found = _HASH.fullmatch(text)
    if found is None or len(text) > LONGEST_HASH or any(len(part) % 4 == 1 for part in found.groups()):
        raise Unfit(f"expected a hash that begins with {HASHED_AS}; leave it out otherwise")
    return text


def _checked(
    line: Line, checks: Mapping[str, Check], known: frozenset[str]
) -> tuple[dict[str, Any], list[RefusedLine]]:
    values, refused = {}, []
    if not line.record.keys() <= known:
        unknown = sorted(line.record.keys() - known)
        refused += [
            RefusedLine(line.number, name[:_SHOWN], "expected nothing under this name here") for name in unknown
        ]
    for field, check in checks.items():
        try:
            values[field] = check(_text(line.record.get(field)))
        except Unfit as unfit:
            refused.append(RefusedLine(line.number, field, str(unfit)))
    return values, refused


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unfit("expected text; nothing is there" if value is None else "expected text, in quotes")
    if not value:
        raise Unfit("expected text; nothing is there")
    if _NOT_DECODED in value:
        raise Unfit("expected characters of the file's encoding; see --encoding")
    return value
