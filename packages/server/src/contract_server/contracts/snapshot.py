"""Contract snapshots: a contract at one instant, between its rows and the rules.

A statement that reads contracts selects `SNAPSHOT_COLUMNS` from `contract`, joined by `APPLICATION_IN_FORCE`, and makes
a snapshot of each row. The models remain the schema.

An application stores its dates and the version of its policy. The policy's name and zone are read from the terms that
were recorded when the version was first used, which is before any application under it, and which never change.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from contract_rules import Application, Deadline, Facts, Status, Timeline
from contract_server.contracts.models import TerminationReason
from contract_server.contracts.reminder_windows import next_opening

APPLICATION_COLUMNS = """
    applied.id AS application_id, applied.receipt_number, applied.number, applied.requested_at, applied.requested_on,
    applied.policy_version, promised.terms ->> 'name' AS policy_name, promised.terms ->> 'zone' AS zone,
    applied.service_end_last_day, applied.service_end_at, applied.resumption_last_day, applied.resumption_at,
    applied.erasure_last_day, applied.erasure_at
"""
"""What `application_of` reads."""

SNAPSHOT_COLUMNS = f"""
    contract.id AS contract_id, contract.version, contract.status, contract.started_on, contract.applications,
    contract.hold_placed_at, contract.hold_reason, contract.erasure_announced_for, applied.reason,
    applied.service_ended_at, {APPLICATION_COLUMNS}
"""

APPLICATION_IN_FORCE = """
    LEFT JOIN termination_application AS applied
           ON applied.contract_id = contract.id AND applied.withdrawn_at IS NULL
    LEFT JOIN policy_terms AS promised ON promised.version = applied.policy_version
"""


@dataclass(frozen=True, slots=True)
class Hold:
    """The erasure on hold: since when without a break, and the operator's written reason of the newest hold."""

    placed_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ContractSnapshot:
    """A contract: the facts for the rules, and what the rules do not need."""

    id: UUID
    started_on: date
    facts: Facts
    application_id: UUID | None = None
    receipt_number: str | None = None
    reason: TerminationReason | None = None
    hold: Hold | None = None
    erasure_announced: bool = False
    """Whether the history has the notice of the erasure that is due."""


def snapshot_of(row: Any) -> ContractSnapshot:  # noqa: ANN401 - asyncpg ships no types
    """Make the snapshot of a row."""
    reason, placed_at = row["reason"], row["hold_placed_at"]
    return ContractSnapshot(
        id=row["contract_id"],
        started_on=row["started_on"],
        facts=Facts(
            status=Status[row["status"]],
            version=row["version"],
            applications=row["applications"],
            application=None if row["application_id"] is None else application_of(row),
            service_ended=row["service_ended_at"] is not None,
            erasure_held=placed_at is not None,
        ),
        application_id=row["application_id"],
        receipt_number=row["receipt_number"],
        reason=TerminationReason[reason] if reason else None,
        hold=None if placed_at is None else Hold(placed_at, row["hold_reason"] or ""),
        erasure_announced=row["erasure_announced_for"] is not None
        and row["erasure_announced_for"] == row["erasure_at"],
    )


def application_of(row: Any) -> Application:  # noqa: ANN401 - as above
    """Make the application of a row."""
    return Application(
        number=row["number"],
        requested_at=row["requested_at"],
        timeline=Timeline(
            requested_on=row["requested_on"],
            policy_name=row["policy_name"],
            policy_version=row["policy_version"],
            zone=ZoneInfo(row["zone"]),
            service_end=Deadline(row["service_end_last_day"], row["service_end_at"]),
            resumption=Deadline(row["resumption_last_day"], row["resumption_at"]),
            erasure=Deadline(row["erasure_last_day"], row["erasure_at"]),
        ),
    )


def application_columns(snapshot: ContractSnapshot) -> dict[str, Any]:
    """Return the columns of a new application."""
    application = snapshot.facts.application
    assert application is not None  # noqa: S101 - the caller has checked
    return {
        **judged_columns(application),
        "id": snapshot.application_id,
        "receipt_number": snapshot.receipt_number,
        "contract_id": snapshot.id,
        "reason": snapshot.reason,
        "next_reminder_at": next_opening(application, application.requested_at),
    }


def judged_columns(application: Application) -> dict[str, Any]:
    """Return the columns of an application that the rules read; none of them ever changes."""
    timeline = application.timeline
    return {
        "number": application.number,
        "requested_at": application.requested_at,
        "requested_on": timeline.requested_on,
        "policy_version": timeline.policy_version,
        "service_end_last_day": timeline.service_end.last_day,
        "service_end_at": timeline.service_end.at,
        "resumption_last_day": timeline.resumption.last_day,
        "resumption_at": timeline.resumption.at,
        "erasure_last_day": timeline.erasure.last_day,
        "erasure_at": timeline.erasure.at,
    }


def contract_columns(snapshot: ContractSnapshot, now: datetime) -> dict[str, object]:
    """Return the columns of the contract that a change can change, without those of the hold."""
    facts = snapshot.facts
    timeline = facts.application.timeline if facts.application else None
    terminated = timeline is not None and facts.status is Status.TERMINATED
    return {
        "version": facts.version,
        "erased_at": now if facts.status is Status.ERASED else None,
        "status": facts.status,
        "applications": facts.applications,
        "service_end_due_at": timeline.service_end.at if timeline and terminated and not facts.service_ended else None,
        "erasure_due_at": timeline.erasure.at if timeline and terminated else None,
        "erasure_announced_for": (
            timeline.erasure.at if timeline and terminated and snapshot.erasure_announced else None
        ),
    }


def hold_columns(snapshot: ContractSnapshot) -> dict[str, object]:
    """Return the columns of the contract that its holds change: only under its lock, because they have no version."""
    return {
        "hold_placed_at": snapshot.hold.placed_at if snapshot.hold else None,
        "hold_reason": snapshot.hold.reason if snapshot.hold else None,
    }
