"""The same key with the same input gives the first answer again.

The answer is kept in the transaction that made it true, so that a client that lost it, even because the server
died between commit and reply, asks again and learns what happened. What is kept is what was decided, not the
words: a repeated answer is told in the language of the request that asks for it.
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
from contract_server.db.transaction import current_connection

KEPT_FOR = timedelta(hours=48)

_ANSWERS = TypeAdapter(ActionResult)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key, whose it is, and the hash of all that was asked for with it."""

    account_id: UUID
    key: str
    input_hash: bytes

    @classmethod
    def of(cls, account_id: UUID, key: str, operation: str, arguments: dict[str, object]) -> "IdempotencyKey":
        """The key of one request; `arguments` are its input without the key itself."""
        content = orjson.dumps([operation, arguments], default=str, option=orjson.OPT_SORT_KEYS)
        return cls(account_id, key, hashlib.sha256(content).digest())


async def recall(key: IdempotencyKey) -> ActionResult | None:
    """The first answer that was given to this key, if any.

    Raises:
        IdempotencyKeyReused: It was given to another input.
    """
    row = await IdempotentAnswer.filter(account_id=key.account_id, key=key.key).first()
    if row is None:
        return None
    if row.input_hash != key.input_hash:
        raise IdempotencyKeyReused
    return _ANSWERS.validate_python(row.answer)


async def remember(key: IdempotencyKey, answer: ActionResult) -> None:
    """Keep the first answer, in the transaction that made it true."""
    await IdempotentAnswer.create(**answer_columns(key, answer))


def answer_columns(key: IdempotencyKey, answer: ActionResult) -> dict[str, Any]:
    """The first answer, as it is stored."""
    return {
        "account_id": key.account_id,
        "key": key.key,
        "input_hash": key.input_hash,
        "answer": _ANSWERS.dump_python(answer, mode="json"),
    }


async def forget_old_answers() -> None:
    """Delete the answers that nobody will ask for again."""
    await current_connection().execute_query(
        "DELETE FROM idempotent_answer WHERE answered_at < clock_timestamp() - $1::interval", [KEPT_FOR]
    )
