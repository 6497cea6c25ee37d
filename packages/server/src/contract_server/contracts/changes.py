"""The one place where a contract changes: the rules are asked, and what they grant is stored with its effects."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, assert_never
from uuid import UUID

from uuid_utils.compat import uuid7

from contract_rules import Action, Actor, EraseRegistration, Granted, RecordEvent, Refused, SendMail, WakeAt, decide
from contract_server.accounts.viewer import Viewer
from contract_server.clock import Clock
from contract_server.contracts.errors import ActionRefused
from contract_server.contracts.idempotency import IdempotencyKey, answer_columns
from contract_server.contracts.models import (
    ContractEvent,
    IdempotentAnswer,
    TerminationApplication,
    TerminationReason,
)
from contract_server.contracts.notifications import Notifications
from contract_server.contracts.optimistic import NewRow, OptimisticWrite, write_unless_changed
from contract_server.contracts.policies import ServedPolicies
from contract_server.contracts.result import ActionResult
from contract_server.contracts.snapshot import ContractSnapshot, Hold, application_columns, contract_columns
from contract_server.contracts.store import changes_to_store, save_snapshot
from contract_server.contracts.visibility import has_visibly_changed
from contract_server.db.rows import Insert, Write
from contract_server.mail.models import OutboxMail

_A_DAY = timedelta(days=1)


class ContractChanges:
    """Changes contracts: those that the caller has locked, in the caller's transaction, and others at once."""

    def __init__(self, clock: Clock, policies: ServedPolicies, notifications: Notifications) -> None:
        self._clock = clock
        self._policies = policies
        self._notifications = notifications

    async def now(self) -> datetime:
        """The instant by which contracts are judged."""
        return await self._clock.now()

    async def apply(
        self,
        contract: ContractSnapshot,
        action: Action,
        actor: Actor,
        *,
        reason: TerminationReason | None = None,
        hold_reason: str | None = None,
        note: str | None = None,
        expected_version: int | None = None,
    ) -> ActionResult:
        """Ask the rules about a locked contract, and do as they say. An operator's note goes into its events.

        The clock is read here, after the lock: a request that waited over midnight is judged by the new day. What the
        rules refuse is refused whatever the actor expected: to look again and try again would not help.
        """
        now = await self._clock.now()
        policy = self._policies.in_force_at(now)
        decision = decide(policy, contract.facts, action, actor, now)
        if isinstance(decision, Refused):
            return ActionResult(contract, now, refusal=decision)
        if expected_version is not None and await has_visibly_changed(contract, expected_version, actor):
            return ActionResult(contract, now, stale=True)
        if action is Action.TERMINATE:
            await self._policies.record(policy)
        changed = _changed(contract, decision, now, reason=reason, hold_reason=hold_reason)
        stored = await save_snapshot(contract, changed, now)
        application_id = stored.application_id or contract.application_id
        for effect in decision.effects:
            match effect:
                case RecordEvent():
                    await ContractEvent.create(**_event_columns(effect, stored, application_id, note))
                case SendMail():
                    await self._notifications.owe(stored, effect.kind, now)
                case WakeAt() | EraseRegistration():  # the due columns wake; erasing belongs to the erasure
                    pass
                case unknown:
                    assert_never(unknown)
        if action is Action.HOLD_ERASURE:
            await self._notifications.withdraw_erasure_reminder(stored, now)
        if action is Action.RELEASE_ERASURE_HOLD:  # its window may be open
            await TerminationApplication.filter(id=contract.application_id).update(next_reminder_at=now)
        return ActionResult(stored, now)

    def granted_to_all(
        self, contracts: Iterable[ContractSnapshot], action: Action, actor: Actor, now: datetime
    ) -> list[Write]:
        """What is to be written for several contracts, by a clock read after they were locked; no mail may come of it.

        Raises:
            ActionRefused: The rules refuse one of them.
        """
        policy = self._policies.in_force_at(now)
        changed: list[tuple[ContractSnapshot, ContractSnapshot]] = []
        events: list[dict[str, Any]] = []
        for contract in contracts:
            decision = decide(policy, contract.facts, action, actor, now)
            if isinstance(decision, Refused):
                raise ActionRefused(contract, now, decision)
            after = _changed(contract, decision, now, reason=None)
            changed.append((contract, after))
            events += (
                _event_columns(effect, after, contract.application_id)
                for effect in decision.effects
                if isinstance(effect, RecordEvent)
            )
        return [*changes_to_store(changed, now), Insert(ContractEvent, events)]

    async def apply_optimistically(
        self,
        contract: ContractSnapshot,
        action: Action,
        contractor: Viewer,
        now: datetime,
        *,
        reason: TerminationReason | None = None,
        key: IdempotencyKey | None = None,
    ) -> ActionResult | None:
        """Ask the rules about a contract that was read at `now` and is not locked, and store what they grant.

        Returns:
            None where they do not grant it, or nothing is as it was read any more; nothing is stored then, and
            whoever locks the contract and asks again learns why.
        """
        policy = self._policies.in_force_at(now)
        decision = decide(policy, contract.facts, action, contractor.actor, now)
        if isinstance(decision, Refused):
            return None
        if action is Action.TERMINATE:
            await self._policies.record(policy)
        changed = _changed(contract, decision, now, reason=reason)
        rows = []
        if changed.facts.application:
            changed = replace(changed, application_id=uuid7())
            rows.append(NewRow(TerminationApplication, application_columns(changed)))
        for effect in decision.effects:
            match effect:
                case RecordEvent():
                    application_id = changed.application_id or contract.application_id
                    rows.append(NewRow(ContractEvent, _event_columns(effect, changed, application_id)))
                case SendMail():
                    rows.append(NewRow(OutboxMail, self._notifications.columns(changed, effect.kind, contractor, now)))
                case WakeAt() | EraseRegistration():  # as above
                    pass
                case unknown:
                    assert_never(unknown)
        answer = ActionResult(changed, now)
        if key:
            rows.append(NewRow(IdempotentAnswer, answer_columns(key, answer)))
        writing = OptimisticWrite(
            before=contract,
            columns=contract_columns(changed, now),
            rows=rows,
            withdrawn=contract.application_id,
            at=now,
            valid_until=self._holds_until(contract, now),
        )
        return answer if await write_unless_changed(writing, self._clock) else None

    def _holds_until(self, contract: ContractSnapshot, now: datetime) -> datetime:
        """When the rules may say something else: with the next day, or with the end of the window."""
        tomorrow = datetime.combine(self._policies.today(now) + _A_DAY, time.min, self._policies.zone)
        application = contract.facts.application
        return min(tomorrow, application.timeline.resumption.at) if application else tomorrow


def _changed(
    contract: ContractSnapshot,
    decision: Granted,
    now: datetime,
    *,
    reason: TerminationReason | None,
    hold_reason: str | None = None,
) -> ContractSnapshot:
    """The contract as the decision leaves it; a new application has no id yet."""
    return replace(
        contract,
        facts=decision.facts,
        application_id=contract.application_id if decision.facts.application else None,
        reason=reason or contract.reason,
        hold=_hold(contract, held=decision.facts.erasure_held, reason=hold_reason, now=now),
    )


def _event_columns(
    effect: RecordEvent, changed: ContractSnapshot, application_id: UUID | None, note: str | None = None
) -> dict[str, Any]:
    return {
        "contract_id": changed.id,
        "version": changed.facts.version,
        "at": effect.at,
        "type": effect.type,
        "actor": effect.actor,
        "application_id": application_id if effect.application_number else None,
        "note": note,
    }


def _hold(contract: ContractSnapshot, *, held: bool, reason: str | None, now: datetime) -> Hold | None:
    if not held:
        return None
    return contract.hold or Hold(placed_at=now, reason=reason or "")
