"""A contract as it stands at one moment, between the rows that store it and the rules that judge it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contract_rules import Application, Deadline, Facts, Status, Timeline
from contract_server.contracts.models import Contract, TerminationApplication, TerminationReason
from contract_server.contracts.reminder_windows import next_opening
from contract_server.db.statements import fetch

# in the order of `contract_columns`
_SAVE_ALL = """
    UPDATE contract
       SET version = after.version, erased_at = after.erased_at, status = after.status,
           applications = after.applications, service_end_due_at = after.service_end_due_at,
           erasure_due_at = after.erasure_due_at, hold_placed_at = after.hold_placed_at,
           hold_reason = after.hold_reason
      FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::int[], $6::timestamptz[],
                  $7::timestamptz[], $8::timestamptz[], $9::text[])
        AS after (id, version, erased_at, status, applications, service_end_due_at, erasure_due_at,
                  hold_placed_at, hold_reason)
     WHERE contract.id = after.id
"""


@dataclass(frozen=True, slots=True)
class Hold:
    """Erasure is postponed: since when, and the operator's written reason."""

    placed_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ContractSnapshot:
    """What is known of a contract: the facts for the rules, and the identities that the rules do not need."""

    id: UUID
    started_on: date
    facts: Facts
    application_id: UUID | None = None
    reason: TerminationReason | None = None
    hold: Hold | None = None


async def find_snapshot(contract_id: UUID) -> ContractSnapshot | None:
    """The contract as it stands, not locked: to be shown."""
    return (await find_snapshots([contract_id])).get(contract_id)


async def find_snapshots(contract_ids: list[UUID]) -> dict[UUID, ContractSnapshot]:
    """The contracts among `contract_ids` that exist, in two statements however many they are."""
    contracts = await Contract.filter(id__in=contract_ids)
    applications = await TerminationApplication.filter(contract_id__in=contract_ids, withdrawn_at__isnull=True)
    in_force = {application.contract_id: application for application in applications}
    return {contract.id: _snapshot(contract, in_force.get(contract.id)) for contract in contracts}


async def lock_snapshot(contract_id: UUID, *, skip_locked: bool = False) -> ContractSnapshot | None:
    """The contract as it stands, locked until the transaction ends: to be changed.

    With `skip_locked`, None also where somebody else has it locked.
    """
    contract = await Contract.filter(id=contract_id).select_for_update(skip_locked=skip_locked).first()
    if contract is None:
        return None
    application = await TerminationApplication.filter(contract_id=contract_id, withdrawn_at__isnull=True).first()
    return _snapshot(contract, application)


async def lock_snapshots(contract_ids: Sequence[UUID], *, skip_locked: bool = False) -> list[ContractSnapshot]:
    """Those of the contracts that exist, as they stand, locked until the transaction ends.

    Everybody who locks several does so in the order of their ids, so that nobody waits in a circle.
    """
    found = Contract.filter(id__in=contract_ids).order_by("id").select_for_update(skip_locked=skip_locked)
    contracts = await found
    applications = await TerminationApplication.filter(contract_id__in=contract_ids, withdrawn_at__isnull=True)
    in_force = {application.contract_id: application for application in applications}
    return [_snapshot(contract, in_force.get(contract.id)) for contract in contracts]


async def save_snapshot(before: ContractSnapshot, after: ContractSnapshot, now: datetime) -> ContractSnapshot:
    """Store what has changed of a locked contract. A new application is given its id here.

    Returns:
        `after`, with the id of its application.
    """
    if before.facts.application and before.facts.application != after.facts.application:
        await TerminationApplication.filter(id=before.application_id).update(withdrawn_at=now)
    if after.facts.application and before.facts.application != after.facts.application:
        row = await TerminationApplication.create(**application_columns(after))
        after = replace(after, application_id=row.id)
    if after.facts.service_ended and not before.facts.service_ended:
        await TerminationApplication.filter(id=after.application_id).update(service_ended_at=now)
    await Contract.filter(id=after.id).update(**contract_columns(after, now))
    return after


async def save_snapshots(changed: Sequence[tuple[ContractSnapshot, ContractSnapshot]], now: datetime) -> None:
    """Store what has changed, before and after, of several locked contracts that keep the applications they have."""
    if not changed:
        return
    rows = [{"id": after.id, **contract_columns(after, now)} for _, after in changed]
    await fetch(_SAVE_ALL, *([row[name] for row in rows] for name in rows[0]))
    ended = [
        after.application_id
        for before, after in changed
        if after.facts.service_ended and not before.facts.service_ended
    ]
    if ended:
        await TerminationApplication.filter(id__in=ended).update(service_ended_at=now)


def _snapshot(contract: Contract, application: TerminationApplication | None) -> ContractSnapshot:
    hold = Hold(contract.hold_placed_at, contract.hold_reason or "") if contract.hold_placed_at else None
    return ContractSnapshot(
        id=contract.id,
        started_on=contract.started_on,
        facts=Facts(
            status=contract.status,
            version=contract.version,
            applications=contract.applications,
            application=_application(application) if application else None,
            service_ended=bool(application and application.service_ended_at),
            erasure_held=hold is not None,
        ),
        application_id=application.id if application else None,
        reason=application.reason if application else None,
        hold=hold,
    )


def _application(row: TerminationApplication) -> Application:
    return Application(
        number=row.number,
        requested_at=row.requested_at,
        timeline=Timeline(
            requested_on=row.requested_on,
            policy_version=row.policy_version,
            service_end=Deadline(row.service_end_last_day, row.service_end_at),
            resumption=Deadline(row.resumption_last_day, row.resumption_at),
            erasure=Deadline(row.erasure_last_day, row.erasure_at),
        ),
    )


def application_columns(snapshot: ContractSnapshot) -> dict[str, Any]:
    """The application in force, as it is stored when it is made."""
    application = snapshot.facts.application
    assert application is not None  # noqa: S101 - the caller has looked
    timeline = application.timeline
    return {
        "contract_id": snapshot.id,
        "number": application.number,
        "requested_at": application.requested_at,
        "requested_on": timeline.requested_on,
        "reason": snapshot.reason,
        "policy_version": timeline.policy_version,
        "service_end_last_day": timeline.service_end.last_day,
        "service_end_at": timeline.service_end.at,
        "resumption_last_day": timeline.resumption.last_day,
        "resumption_at": timeline.resumption.at,
        "erasure_last_day": timeline.erasure.last_day,
        "erasure_at": timeline.erasure.at,
        "next_reminder_at": next_opening(application, application.requested_at),
    }


def contract_columns(snapshot: ContractSnapshot, now: datetime) -> dict[str, object]:
    """What a change can change of the contract's own row."""
    facts = snapshot.facts
    timeline = facts.application.timeline if facts.application else None
    owed = timeline is not None and facts.status is Status.TERMINATED
    return {
        "version": facts.version,
        "erased_at": now if facts.status is Status.ERASED else None,
        "status": facts.status,
        "applications": facts.applications,
        "service_end_due_at": timeline.service_end.at if timeline and owed and not facts.service_ended else None,
        "erasure_due_at": timeline.erasure.at if timeline and owed else None,
        "hold_placed_at": snapshot.hold.placed_at if snapshot.hold else None,
        "hold_reason": snapshot.hold.reason if snapshot.hold else None,
    }
