"""What the measured servers serve: contracts, their people and sessions, written by COPY."""

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from uuid_utils.compat import uuid7

from contract_rules import Timeline, shipped_policies
from contract_server.erasure.classification import TABLES

PASSWORD = "omakase-bench-2026"
MEMBERS_OF_EACH = 10
TERMINATED_ONE_IN = 10

_FILLED_BY_MIGRATIONS = "tortoise_migrations"
_HASH = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))


@dataclass(frozen=True, slots=True)
class Person:
    """A contractor, as the load acts for one."""

    number: int
    contract_id: UUID
    token: str

    @property
    def email(self) -> str:
        """What they log in with."""
        return f"keiyakusha{self.number}@example.jp"

    @property
    def terminated(self) -> bool:
        """Whether their contract is terminated from the start."""
        return self.number % TERMINATED_ONE_IN == 0


async def fill(connection: asyncpg.Connection, contracts: int, now: datetime) -> list[Person]:
    """The database's whole content: as many contracts, each with a session, ten members, and all that belongs to it."""
    people = [Person(number, uuid7(), secrets.token_urlsafe(32)) for number in range(contracts)]
    timeline = shipped_policies().in_force(now.date()).timeline(now)
    await empty(connection)
    kept = _HASH.hash(PASSWORD)
    accounts = [uuid7() for _ in people]
    await copy(connection, "contract", (contract_row(each.contract_id, _due(each, timeline)) for each in people))
    await copy(connection, "company", map(_company, people))
    await copy(connection, "member", (row for each in people for row in members(each.contract_id, MEMBERS_OF_EACH)))
    await copy(
        connection,
        "account",
        (
            {
                "id": account_id,
                "role": "CONTRACTOR",
                "name": f"契約 太郎{each.number}",
                "email": each.email,
                "password_hash": kept,
                "contract_id": each.contract_id,
            }
            for each, account_id in zip(people, accounts, strict=True)
        ),
    )
    await copy(
        connection,
        "session",
        (
            {
                "id": uuid7(),
                "token_hash": hashlib.sha256(each.token.encode()).hexdigest(),
                "account_id": account_id,
                "created_at": now,
                "last_used_at": now,
                "expires_at": now + timedelta(hours=24),
            }
            for each, account_id in zip(people, accounts, strict=True)
        ),
    )
    await copy(
        connection,
        "termination_application",
        (application_row(each.contract_id, timeline, now) for each in people if each.terminated),
    )
    await copy(connection, "contract_event", (_event(each, now) for each in people))
    await copy(connection, "outbox_mail", (_mail(each, now) for each in people))
    await copy(connection, "idempotent_answer", map(_answer, accounts))
    await connection.execute("VACUUM (ANALYZE)")
    return people


SINCE_THEN = {
    "contract_event": "type <> 'STARTED'",
    "outbox_mail": "state = 'PENDING'",
    "idempotent_answer": "key <> 'the first'",
}
"""What has been written since the database was filled. It is never empty, because no database is that is at work: a
plan that is made for an empty table reads all of it, however many rows come later."""


async def empty(connection: asyncpg.Connection) -> None:
    """Leave nothing but the schema."""
    tables = ", ".join(TABLES.keys() - {_FILLED_BY_MIGRATIONS})
    await connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


def contract_row(contract_id: UUID, due: Timeline | None) -> dict[str, Any]:
    """A contract: active, or terminated where something is due of it."""
    return {
        "id": contract_id,
        "version": 2 if due else 1,
        "status": "TERMINATED" if due else "ACTIVE",
        "started_on": date(2023, 4, 1),
        "applications": 1 if due else 0,
        "service_end_due_at": due.service_end.at if due else None,
        "erasure_due_at": due.erasure.at if due else None,
    }


def application_row(contract_id: UUID, timeline: Timeline, requested_at: datetime) -> dict[str, Any]:
    """An application to terminate, with its dates."""
    return {
        "id": uuid7(),
        "contract_id": contract_id,
        "number": 1,
        "requested_at": requested_at.astimezone(UTC),
        "requested_on": timeline.requested_on,
        "reason": "TOO_EXPENSIVE",
        "policy_version": timeline.policy_version,
        "service_end_last_day": timeline.service_end.last_day,
        "service_end_at": timeline.service_end.at,
        "resumption_last_day": timeline.resumption.last_day,
        "resumption_at": timeline.resumption.at,
        "erasure_last_day": timeline.erasure.last_day,
        "erasure_at": timeline.erasure.at,
    }


def members(contract_id: UUID, count: int) -> Iterator[dict[str, Any]]:
    """The registered people of a contract."""
    for number in range(count):
        yield {
            "id": uuid7(),
            "contract_id": contract_id,
            "name": f"会員 花子{number}",
            "email": f"kaiin{number}@example.jp",
        }


async def copy(connection: asyncpg.Connection, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows of one shape."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    records = (tuple(row.values()) for row in (first, *rows))
    await connection.copy_records_to_table(table, columns=list(first), records=records)


def _due(person: Person, timeline: Timeline) -> Timeline | None:
    return timeline if person.terminated else None


def _event(person: Person, at: datetime) -> dict[str, Any]:
    return {"id": uuid7(), "contract_id": person.contract_id, "at": at, "type": "STARTED", "actor": "CONTRACTOR"}


def _mail(person: Person, at: datetime) -> dict[str, Any]:
    return {
        "contract_id": person.contract_id,
        "kind": "resumption_accepted",
        "message_id": f"<{person.number}@omakase-login.example>",
        "dated_at": at,
        "recipient": person.email,
        "subject": "件名",
        "body": "本文",
        "state": "SENT",
        "attempts": 1,
        "next_attempt_at": at,
        "sent_at": at,
    }


def _answer(account_id: UUID) -> dict[str, Any]:
    return {"account_id": account_id, "key": "the first", "input_hash": b"", "answer": "{}"}


def _company(person: Person) -> dict[str, Any]:
    return {
        "contract_id": person.contract_id,
        "name": f"株式会社おまかせ{person.number}",
        "address": f"東京都千代田区千代田1-{person.number}",
        "postal_code": "100-0001",
        "phone_number": f"03-0000-{person.number:04}",
    }
