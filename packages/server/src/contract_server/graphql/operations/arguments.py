"""Arguments that several mutations have, read in one way."""

from typing import TypeVar
from uuid import UUID

import strawberry
from strawberry.scalars import ID

from contract_server.contracts.result import ContractNotFound
from contract_server.graphql.language import words
from contract_server.graphql.operations.problems import InvalidInputError
from contract_server.graphql.types.contract import parse_contract_id

Value = TypeVar("Value")

LONGEST_KEY = 255

_KEY_LENGTH = words(
    ja=f"idempotencyKey は1文字以上{LONGEST_KEY}文字以内で指定してください。",
    en=f"idempotencyKey: 1 to {LONGEST_KEY} characters are expected.",
)


def contract_id(text: ID) -> UUID:
    """Parse the id of a contract.

    Raises:
        ContractNotFound: It is no id.
    """
    parsed = parse_contract_id(text)
    if parsed is None:
        raise ContractNotFound
    return parsed


def idempotency_key(key: str | None) -> str | None:
    """Check the length of a key, if one is given.

    Raises:
        InvalidInputError: It is empty or too long.
    """
    key = value_or_none(key)
    if key is not None and not 1 <= len(key) <= LONGEST_KEY:
        raise InvalidInputError(["input", "idempotencyKey"], _KEY_LENGTH)
    return key


def value_or_none(value: Value | None) -> Value | None:
    """Return the value; None if it is left out."""
    return None if value is strawberry.UNSET else value
