"""What a granted decision changes in the database: one interpretation of its effects, for every way of storing them.

`writes_for` is pure. It turns the contract before and after a decision, and the decision's effects, into rows. They are
stored in the transaction that holds the contract's lock (`db.rows.write_rows`), or in one statement that is guarded by
the version that was read (`optimistic.write_unless_changed`).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, TypedDict, assert_never
from uuid import UUID

from uuid_utils.compat import uuid7

from contract_notify import ErasureReminder
from contract_rules import Actor, EventType, Granted, MailKind, RecordEvent, SendMail, Status
from contract_server.audit.origin import NO_SIGNATURE, Signature
from contract_server.contracts.due import NOTICE
from contract_server.contracts.holds.records import NO_TERMS, HoldTerms, place_hold, release_hold
from contract_server.contracts.lookup.receipt_numbers import new_receipt_number
from contract_server.contracts.models import Contract, ContractEvent, TerminationApplication, TerminationReason
from contract_server.contracts.snapshot import (
    ContractSnapshot,
    Hold,
    application_columns,
    contract_columns,
    hold_columns,
)
from contract_server.db.rows import Insert, Row, Update, Write
from contract_server.mail.models import OutboxMail
from contract_server.mail.outbox import withdraw_reminders

Mail = Callable[[MailKind], Row]
"""Renders a mail about the change, as its columns."""


class Reasons(NamedTuple):
    """Why a person asks for a change, and who that is."""

    reason: TerminationReason | None = None
    note: str | None = None
    """An operator's own words, stored with the events."""
    terms: HoldTerms = NO_TERMS
    signature: Signature = NO_SIGNATURE
    hold_id: UUID | None = None
    """Which of several holds is to be released."""


NO_REASONS = Reasons()


class _Names(TypedDict):
    application_id: UUID | None
    receipt_number: str | None


def contract_after(before: ContractSnapshot, decision: Granted, now: datetime, reasons: Reasons) -> ContractSnapshot:
    """Return the contract after the decision. A new application gets its id and number here."""
    return replace(
        before,
        facts=decision.facts,
        **_names_of_application(before, decision),
        reason=reasons.reason or before.reason,
        hold=_hold(before, held=decision.facts.erasure_held, reason=reasons.note, now=now),
        erasure_announced=before.erasure_announced and decision.facts.status is Status.TERMINATED,
    )


def writes_for(
    decision: Granted,
    before: ContractSnapshot,
    after: ContractSnapshot,
    now: datetime,
    *,
    mail: Mail | None = None,
    reasons: Reasons = NO_REASONS,
) -> list[Write]:
    """Return the rows to store, those of the contract first; none if the decision changes nothing.

    Without `mail`, no mail is queued.
    """
    if not decision.effects:
        return []
    changed = contract_columns(after, now) | (hold_columns(after) if after.hold != before.hold else {})
    writes: list[Write] = [Update(Contract, [{"id": after.id, **changed}])]
    writes += _writes_for_application(before, after, now)
    writes += _writes_for_hold(before, after, now, reasons)
    writes += [
        Insert(ContractEvent, [_event(each, before, after, reasons)]) for each in _missed_notice(before, after, now)
    ]
    for effect in decision.effects:
        match effect:
            case RecordEvent():
                writes.append(Insert(ContractEvent, [_event(effect, before, after, reasons)]))
            case SendMail():
                writes += [Insert(OutboxMail, [mail(effect.kind)])] if mail else []
            case unknown:
                assert_never(unknown)
    return writes


def writes_for_notice(contract: ContractSnapshot, now: datetime) -> list[Write]:
    """Return the rows to store if other services are to be told of the erasure of a locked contract; else none."""
    notice, application = _due_notice(contract, now), contract.facts.application
    if notice is None or application is None:
        return []
    announced = {"id": contract.id, "erasure_announced_for": application.timeline.erasure.at}
    event = _event(notice, contract, contract, NO_REASONS)
    return [Update(Contract, [announced]), Insert(ContractEvent, [event])]


def _due_notice(contract: ContractSnapshot, now: datetime) -> RecordEvent | None:
    """Return the notice of the erasure if it is due: at the instant that was promised, however late it is recorded.

    It changes nothing of the contract, so it has the contract's present version and makes no request stale. A hold does
    not delay it: the promised date stays, and the erasure follows as soon as the hold is released.
    """
    application = contract.facts.application
    if application is None or contract.facts.status is not Status.TERMINATED or contract.erasure_announced:
        return None
    at = max(application.timeline.erasure.at - NOTICE, application.requested_at)
    return RecordEvent(EventType.ERASURE_DUE, at, Actor.SYSTEM, application.number) if at <= now else None


def _missed_notice(before: ContractSnapshot, after: ContractSnapshot, now: datetime) -> Iterator[RecordEvent]:
    """The notice that an erasure records with itself, so that it precedes the erasure after any outage."""
    if after.facts.status is Status.ERASED and (notice := _due_notice(before, now)):
        yield notice


def _writes_for_application(before: ContractSnapshot, after: ContractSnapshot, now: datetime) -> list[Write]:
    writes: list[Write] = []
    if before.application_id and before.application_id != after.application_id:
        writes.append(_application(before, withdrawn_at=now))
        writes.append(withdraw_reminders(before.id, now))
    if after.application_id and before.application_id != after.application_id:
        writes.append(Insert(TerminationApplication, [application_columns(after)]))
    if after.facts.service_ended and not before.facts.service_ended:
        writes.append(_application(after, service_ended_at=now))
    if after.hold and not before.hold:  # the reminder names a day that no longer holds
        writes.append(withdraw_reminders(after.id, now, ErasureReminder.kind))
    if before.hold and not after.hold and after.application_id:  # a reminder may be due again
        writes.append(_application(after, next_reminder_at=now))
    return writes


def _writes_for_hold(before: ContractSnapshot, after: ContractSnapshot, now: datetime, reasons: Reasons) -> list[Write]:
    if after.hold and not before.hold:
        return [place_hold(after.id, now, reasons.terms, reasons.note, reasons.signature.account_id)]
    if before.hold and not after.hold:
        return [release_hold(after.id, now, reasons.note, reasons.signature.account_id)]
    return []


def _application(contract: ContractSnapshot, **columns: datetime) -> Update:
    return Update(TerminationApplication, [{"id": contract.application_id, **columns}])


def _event(effect: RecordEvent, before: ContractSnapshot, after: ContractSnapshot, reasons: Reasons) -> Row:
    return {
        "contract_id": after.id,
        "version": after.facts.version,
        "at": effect.at,
        "type": effect.type,
        "actor": effect.actor,
        "application_id": (after.application_id or before.application_id) if effect.application_number else None,
        "note": reasons.note,
        **reasons.signature._asdict(),
    }


def _names_of_application(before: ContractSnapshot, decision: Granted) -> _Names:
    if decision.facts.application is None:
        return {"application_id": None, "receipt_number": None}
    if decision.facts.application == before.facts.application:
        return {"application_id": before.application_id, "receipt_number": before.receipt_number}
    return {"application_id": uuid7(), "receipt_number": new_receipt_number()}


def _hold(before: ContractSnapshot, *, held: bool, reason: str | None, now: datetime) -> Hold | None:
    if not held:
        return None
    return before.hold or Hold(placed_at=now, reason=reason or "")
