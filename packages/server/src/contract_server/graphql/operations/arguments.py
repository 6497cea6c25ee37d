"""Read the arguments of mutations: what has the right type and a wrong value is reported by its place."""

from typing import TypeVar
from uuid import UUID

import strawberry
from strawberry.scalars import ID

from contract_server.contracts.holds.records import require_reference
from contract_server.contracts.result import ContractNotFound, NotPossible, Obstacle
from contract_server.graphql.language import words
from contract_server.graphql.operations.problems import InvalidInputError
from contract_server.graphql.types.contract import parse_contract_id
from contract_server.visible_text import LONGEST_REASON, InvalidValue, require_line

Value = TypeVar("Value")

LONGEST_KEY = 255

_KEY_LENGTH = words(
    ja=f"idempotencyKey は1文字以上{LONGEST_KEY}文字以内で指定してください。",
    en=f"idempotencyKey: 1 to {LONGEST_KEY} characters are expected.",
)

_REASON = words(
    ja=f"理由は1文字以上{LONGEST_REASON}文字以内で、改行や見えない文字を含めずに入力してください。",
    en=f"reason: 1 to {LONGEST_REASON} visible characters in one line are expected.",
)
_REFERENCE = words(
    ja="案件番号は、半角の英数字と . _ / - で、40文字以内で入力してください。",
    en="reference: 1 to 40 letters, digits, and . _ / - are expected.",
)


def read_reason(text: str, name: str = "reason") -> str:
    """Read an operator's own words.

    Raises:
        InvalidInputError: They are not one line of visible characters, or too long.
    """
    try:
        return require_line(text, LONGEST_REASON)
    except InvalidValue:
        raise InvalidInputError(["input", name], _REASON) from None


def read_reference(text: str) -> str:
    """Read the number of a case.

    Raises:
        InvalidInputError: It is none.
    """
    try:
        return require_reference(text)
    except InvalidValue:
        raise InvalidInputError(["input", "reference"], _REFERENCE) from None


def read_contract_id(text: ID) -> UUID:
    """Read the id of a contract.

    Raises:
        ContractNotFound: It is none.
    """
    contract_id = parse_contract_id(text)
    if contract_id is None:
        raise ContractNotFound
    return contract_id


def read_hold_id(text: ID | None) -> UUID | None:
    """Read the id of a hold, if one is given.

    Raises:
        NotPossible: It is none.
    """
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise NotPossible(Obstacle.HOLD_NOT_FOUND) from None


def read_idempotency_key(text: str | None) -> str | None:
    """Read a key, if one is given.

    Raises:
        InvalidInputError: It is empty or too long.
    """
    key = value_or_none(text)
    if key is not None and not 1 <= len(key) <= LONGEST_KEY:
        raise InvalidInputError(["input", "idempotencyKey"], _KEY_LENGTH)
    return key


def value_or_none(value: Value | None) -> Value | None:
    """Return a value that may be absent."""
    return None if value is strawberry.UNSET else value
