"""What other services say of their own copies of an erased contract, and what is still to be said.

Our own erasure waits for no service. With it, one row is written for each service that is to confirm it. The row goes
with the service's last word, so that looking for what is overdue costs the same however much was ever erased. All
that a service has said stays, as links of the chain of evidence; the last word counts.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from contract_rules import Status
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.clock import Clock
from contract_server.contracts.result import ContractNotFound
from contract_server.db.rows import Insert, write_rows
from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import transaction
from contract_server.erasure.evidence import Record, lock_end_of_chain, seal_confirmation
from contract_server.erasure.models import ConfirmedOutcome, ErasureConfirmation
from contract_server.logs import get_logger
from contract_server.policies.policies import ServedPolicies

log = get_logger(__name__)

CONFIRMED_WITHIN = timedelta(days=7)
"""How long a service may take."""
COUNTED = 1_000
"""The maximum number of overdue confirmations that are counted."""
LISTED = 100
"""The maximum number of services that are listed for a contract."""

# the scope `erasures` of a service that was not revoked
_AWAIT = """
    INSERT INTO awaited_confirmation (contract_id, service_id, since)
    SELECT erased.id, service.id, $2 FROM unnest($1::uuid[]) AS erased (id)
     CROSS JOIN (SELECT id FROM service_account
                  WHERE revoked_at IS NULL AND 'erasures' = ANY (string_to_array(scopes, ' '))) AS service
        ON CONFLICT (service_id, contract_id) DO UPDATE SET since = excluded.since, retained_until = NULL
"""
_RETAIN = """
    INSERT INTO awaited_confirmation (contract_id, service_id, since, retained_until) VALUES ($1, $2, $3, $4)
        ON CONFLICT (service_id, contract_id) DO UPDATE SET retained_until = excluded.retained_until
"""
_AWAIT_NO_MORE = "DELETE FROM awaited_confirmation WHERE contract_id = $1 AND service_id = $2"
_CONTRACT = "SELECT status, erased_at, erasure_due_at, hold_placed_at FROM contract WHERE id = $1"
_LAST_WORD = """
    SELECT outcome, reason, until, confirmed_at, hash FROM erasure_confirmation
     WHERE contract_id = $1 AND service_id = $2 ORDER BY sequence DESC LIMIT 1
"""
_OF_CONTRACT = """
    SELECT service_name, outcome, reason, until, confirmed_at FROM erasure_confirmation
     WHERE contract_id = $1 ORDER BY sequence
"""
# from the services, which are few, because each of them has one place in both indexes
_STANDINGS = """
    SELECT wanted.id AS contract_id, service.name AS service_name, answer.outcome, answer.reason, answer.until,
           answer.confirmed_at, awaited.since, awaited.retained_until
      FROM unnest($1::uuid[]) AS wanted (id) CROSS JOIN service_account AS service
      LEFT JOIN awaited_confirmation AS awaited
        ON awaited.service_id = service.id AND awaited.contract_id = wanted.id
      LEFT JOIN LATERAL (
           SELECT outcome, reason, until, confirmed_at FROM erasure_confirmation
            WHERE contract_id = wanted.id AND service_id = service.id ORDER BY sequence DESC LIMIT 1) AS answer ON true
     WHERE awaited.id IS NOT NULL OR answer.confirmed_at IS NOT NULL
     ORDER BY service.name LIMIT $2
"""
# the end of a chain can be cut off unseen; the audit trail, which has a chain of its own, tells how much there was
_LOST = """
    SELECT count(*) AS lost
      FROM (SELECT contract_id, account_id, count(*) AS answers FROM audit_entry
             WHERE action = 'ERASURE_CONFIRMED' GROUP BY contract_id, account_id) AS reported
     WHERE answers > (SELECT count(*) FROM erasure_confirmation AS confirmation
                       WHERE confirmation.contract_id = reported.contract_id
                         AND confirmation.service_id = reported.account_id)
"""
_OVERDUE = """
    SELECT service.name, awaited.contract_id
      FROM (SELECT * FROM awaited_confirmation WHERE {condition} ORDER BY {order} LIMIT $2) AS awaited
      JOIN service_account AS service ON service.id = awaited.service_id
     ORDER BY service.name, awaited.{order}
"""
_UNCONFIRMED = _OVERDUE.format(condition="retained_until IS NULL AND since <= $1", order="since")
_RETAINED = _OVERDUE.format(condition="retained_until < $1", order="retained_until")


class NotErasedYet(Exception):
    """There is nothing to confirm yet: the contract is erased at this instant, if it is to be erased at all."""

    def __init__(self, erasure_at: datetime | None, *, held: bool) -> None:
        super().__init__()
        self.erasure_at = erasure_at
        self.held = held


class RetainedTooShort(Exception):
    """The last day on which something is retained is over."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service says: what became of its copies; of what it retains, why, and the last day."""

    outcome: ConfirmedOutcome
    reason: str | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An answer in the chain of evidence."""

    answer: Answer
    confirmed_at: datetime
    hash: str


@dataclass(frozen=True, slots=True)
class Overdue:
    """What a service has not confirmed in time, or retains for too long."""

    service_name: str
    contract_id: UUID


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a service stands with an erasure: its last answer, and what is awaited of it."""

    service_name: str
    answer: Answer | None
    confirmed_at: datetime | None
    due_at: datetime | None
    overdue: bool


class Confirmations:
    """Takes the answers of services."""

    def __init__(self, clock: Clock, policies: ServedPolicies) -> None:
        self._clock = clock
        self._policies = policies

    async def confirm(self, contract_id: UUID, service_id: UUID, service_name: str, answer: Answer) -> Confirmation:
        """Append an answer to the chain of evidence; return the service's last one if it says the same.

        Raises:
            ContractNotFound: There is no such contract.
            NotErasedYet: The contract is not erased.
            RetainedTooShort: The day until which something is retained is over.
        """
        async with transaction():
            erased_at = await _require_erased(contract_id)
            end_of_chain = await lock_end_of_chain()  # so that the same answer, twice at once, is stored once
            last = await _last_word(contract_id, service_id)
            if last and last.answer == answer and last.confirmed_at >= erased_at:  # not erased again since
                return last
            now = await self._clock.now()
            await self._await(contract_id, service_id, answer, now)
            content = {
                "contract_id": contract_id,
                "service_id": service_id,
                "service_name": service_name,
                **asdict(answer),
                "confirmed_at": now,
            }
            row = seal_confirmation(content, end_of_chain)
            await _store(row)
        log.info("erasure confirmed", contract_id=contract_id, service=service_name, hash=row["hash"])
        return Confirmation(answer, now, row["hash"])

    async def _await(self, contract_id: UUID, service_id: UUID, answer: Answer, now: datetime) -> None:
        """Await no more than what is retained."""
        if answer.until is None:
            await execute(_AWAIT_NO_MORE, contract_id, service_id)
            return
        if answer.until < self._policies.today(now):
            raise RetainedTooShort
        await execute(_RETAIN, contract_id, service_id, now, self._policies.end_of(answer.until))


async def await_confirmations(contract_ids: Sequence[UUID], erased_at: datetime) -> None:
    """Await the answer of each service with the scope, in the transaction that erases the contracts."""
    await execute(_AWAIT, contract_ids, erased_at)


async def find_unconfirmed(now: datetime) -> list[Overdue]:
    """Find what was not confirmed in time, by service; the oldest, if there is much."""
    return await _find_overdue(_UNCONFIRMED, now - CONFIRMED_WITHIN)


async def find_retained_too_long(now: datetime) -> list[Overdue]:
    """Find what is retained beyond the day that the service named."""
    return await _find_overdue(_RETAINED, now)


async def count_lost_confirmations() -> int:
    """Count the erasures of which the audit trail reports more answers of a service than there are."""
    lost: int = (await fetch(_LOST))[0]["lost"]
    return lost


async def list_confirmations(contract_id: UUID) -> list[Mapping[str, Any]]:
    """List all that services have said of a contract, in the order of the chain."""
    return [dict(row) for row in await fetch(_OF_CONTRACT, contract_id)]


async def find_standings(contract_ids: Sequence[UUID], now: datetime) -> dict[UUID, list[Standing]]:
    """Find where each service stands with the erasures of these contracts, by contract."""
    standings: dict[UUID, list[Standing]] = defaultdict(list)
    for row in await fetch(_STANDINGS, contract_ids, LISTED * len(contract_ids)):
        standings[row["contract_id"]].append(_standing(row, now))
    return standings


def _standing(row: Any, now: datetime) -> Standing:  # noqa: ANN401 - asyncpg ships no types
    answer = Answer(ConfirmedOutcome[row["outcome"]], row["reason"], row["until"]) if row["outcome"] else None
    retained_until, since = row["retained_until"], row["since"]
    due_at = retained_until or (since and since + CONFIRMED_WITHIN)
    overdue = due_at is not None and (due_at < now if retained_until else due_at <= now)
    return Standing(row["service_name"], answer, row["confirmed_at"], due_at, overdue)


async def _find_overdue(query: str, by: datetime) -> list[Overdue]:
    return [Overdue(row["name"], row["contract_id"]) for row in await fetch(query, by, COUNTED)]


async def _store(row: Record) -> None:
    await write_rows(Insert(ErasureConfirmation, [row]))
    await record(
        AuditAction.ERASURE_CONFIRMED,
        account_id=row["service_id"],
        contract_id=row["contract_id"],
        subject=row["outcome"],
        with_source=False,
    )


async def _require_erased(contract_id: UUID) -> datetime:
    """Return when the contract was erased."""
    rows = await fetch(_CONTRACT, contract_id)
    if not rows:
        raise ContractNotFound
    if rows[0]["status"] != Status.ERASED:
        raise NotErasedYet(rows[0]["erasure_due_at"], held=rows[0]["hold_placed_at"] is not None)
    erased_at: datetime = rows[0]["erased_at"]
    return erased_at


async def _last_word(contract_id: UUID, service_id: UUID) -> Confirmation | None:
    rows = await fetch(_LAST_WORD, contract_id, service_id)
    if not rows:
        return None
    outcome, reason, until, confirmed_at, hash_ = rows[0].values()
    return Confirmation(Answer(ConfirmedOutcome[outcome], reason, until), confirmed_at, hash_)
