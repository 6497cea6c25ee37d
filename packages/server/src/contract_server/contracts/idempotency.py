"""Idempotency keys: the same key with the same input gives the first result again.

The result is stored in the transaction of its change, so that a client that lost it, even because the server died
between commit and response, asks again and gets it. The decision is stored, not the text: a repeated result is in the
language of the request that asks for it.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from contract_server.contracts.models import IdempotentAnswer
from contract_server.contracts.result import ActionResult, IdempotencyKeyReused
from contract_server.db.rows import Insert, write_rows
from contract_server.db.statements import Condition, execute
from contract_server.request_limits import RateLimited

KEPT_FOR = timedelta(hours=48)
MOST_KEYS = 1_000  # of one account

_KEYS_LEFT = "NOT EXISTS (SELECT FROM idempotent_answer WHERE account_id = {} OFFSET {} LIMIT 1)"
_RETRY_AFTER = timedelta(hours=1)

# a volatile function is compared by index only if a subquery computes it once
_FORGET = "DELETE FROM idempotent_answer WHERE answered_at < (SELECT clock_timestamp() - $1::interval)"

_RESULTS = TypeAdapter(ActionResult)
# an erasure reaches the answers of its contractor, but not those of operators
_WRITTEN_BY_OPERATORS: Any = {"contract": {"hold": {"reason"}}}


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key with its account and the hash of the request."""

    account_id: UUID
    key: str
    input_hash: bytes

    @classmethod
    def of(cls, account_id: UUID, key: str, operation: str, arguments: dict[str, object]) -> "IdempotencyKey":
        """Return the key of one request; `arguments` are its input without the key."""
        content = orjson.dumps([operation, arguments], default=str, option=orjson.OPT_SORT_KEYS)
        return cls(account_id, key, hashlib.sha256(content).digest())


async def recall(key: IdempotencyKey) -> ActionResult | None:
    """Return the first result of this key, if there is one.

    Raises:
        IdempotencyKeyReused: The key was used with another input.
    """
    row = await IdempotentAnswer.filter(account_id=key.account_id, key=key.key).first()
    if row is None:
        return None
    if row.input_hash != key.input_hash:
        raise IdempotencyKeyReused
    return _RESULTS.validate_python(row.answer)


async def remember(key: IdempotencyKey, result: ActionResult) -> None:
    """Store the first result, in the transaction of its change."""
    await write_rows(Insert(IdempotentAnswer, [answer_columns(key, result)]))


def answer_columns(key: IdempotencyKey, result: ActionResult) -> dict[str, Any]:
    """Return the columns of a stored result."""
    return {
        "account_id": key.account_id,
        "key": key.key,
        "input_hash": key.input_hash,
        "answer": orjson.Fragment(_RESULTS.dump_json(result, exclude=_WRITTEN_BY_OPERATORS)),
    }


def keys_left(account_id: UUID) -> Condition:
    """The condition that one more result may be stored for the account."""
    return Condition(_KEYS_LEFT, (account_id, MOST_KEYS - 1))


async def require_key(account_id: UUID) -> None:
    """Check that one more result may be stored for the account.

    Raises:
        RateLimited: It may not, until older ones are deleted.
    """
    if not await keys_left(account_id).holds():
        raise RateLimited(_RETRY_AFTER)


async def forget_old_answers() -> None:
    """Delete the results that are kept no longer."""
    await execute(_FORGET, KEPT_FOR)
