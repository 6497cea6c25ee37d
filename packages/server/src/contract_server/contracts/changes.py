"""The one place where a contract changes: the rules decide, and what they grant is stored.

A version grows with every change, and a request may name the version that its sender saw: status, dates, registration,
and for operators the hold. A change that is not visible to the sender does not make the request stale. A contractor is
shown no hold, and the recorded end of service is visible to no person, because the dates already imply it. The history
does not count; it contains every change.

This does not serialise concurrent changes. The lock does, or the statement that compares the version it has read.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from contract_rules import Action, Actor, EventType, Granted, Refused, complete, decide
from contract_server.clock import Clock
from contract_server.contracts.effects import NO_REASONS, Reasons, contract_after, writes_for
from contract_server.contracts.holds.further import change_further_hold
from contract_server.contracts.idempotency import IdempotencyKey, answer_columns, keys_left
from contract_server.contracts.models import IdempotentAnswer
from contract_server.contracts.notifications import Notifications
from contract_server.contracts.optimistic import OptimisticWrite, write_unless_changed
from contract_server.contracts.result import ActionRefused, ActionResult, TooManyChanges
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.viewer_contract import ViewerContract
from contract_server.db.rows import Insert, Write, write_rows
from contract_server.db.statements import Condition, fetch
from contract_server.mail.outbox import Recipient
from contract_server.policies.policies import ServedPolicies

_A_DAY = timedelta(days=1)
_EVERYONE: Final = frozenset(Actor)

SEEN_BY: Final[Mapping[EventType, frozenset[Actor]]] = complete(
    "SEEN_BY",
    EventType,
    {
        EventType.STARTED: _EVERYONE,
        EventType.TERMINATION_REQUESTED: _EVERYONE,
        EventType.RESUMED: _EVERYONE,
        EventType.SERVICE_ENDED: frozenset({Actor.SYSTEM}),
        EventType.ERASURE_HELD: frozenset({Actor.OPERATOR, Actor.SYSTEM}),
        EventType.ERASURE_HOLD_RELEASED: frozenset({Actor.OPERATOR, Actor.SYSTEM}),
        EventType.ERASED: _EVERYONE,
        EventType.REGISTRATION_CHANGED: _EVERYONE,
        EventType.MEMBERS_REMOVED: _EVERYONE,
        EventType.ERASURE_DUE: frozenset({Actor.SYSTEM}),
    },
)
"""The actors who see a contract differently after an event of that type."""

_CHANGES_LEFT = """
    NOT EXISTS (SELECT FROM contract_event WHERE contract_id = {} AND at >= {} AND actor = 'CONTRACTOR'
                   AND type <> 'STARTED' OFFSET {} LIMIT 1)
"""
_UNSEEN_VERSIONS = """
    SELECT version FROM contract_event WHERE contract_id = $1 AND version > $2
     GROUP BY version HAVING bool_and(type = ANY ($3))
"""


class ChangeBudget:
    """The changes that a contractor makes in a day of the policy's zone.

    A contractor who ends and resumes the contract again and again causes a mail each time. Operators have no budget,
    because they help where it is used up.
    """

    def __init__(self, policies: ServedPolicies, most: int) -> None:
        self._policies = policies
        self._most = most

    def left(self, contract_id: UUID, now: datetime) -> Condition:
        """The condition that one more change is within the budget."""
        return Condition(
            _CHANGES_LEFT, (contract_id, self._policies.start_of(self._policies.today(now)), self._most - 1)
        )

    async def require(self, contract_id: UUID, now: datetime) -> None:
        """Check that one more change is within the budget.

        Raises:
            TooManyChanges: It is not, until the next midnight.
        """
        if not await self.left(contract_id, now).holds():
            raise TooManyChanges(self._most, until=self._policies.start_of(self._policies.today(now) + _A_DAY))


class ContractChanges:
    """Changes contracts: locked ones in the caller's transaction, others in one guarded statement."""

    def __init__(
        self,
        clock: Clock,
        policies: ServedPolicies,
        notifications: Notifications,
        budget: ChangeBudget | None = None,
    ) -> None:
        """Without a budget, for processes in which no contractor acts, the number of changes is not limited."""
        self._clock = clock
        self._policies = policies
        self._notifications = notifications
        self._budget = budget

    async def change(
        self,
        contract: ContractSnapshot,
        action: Action,
        actor: Actor,
        *,
        contractor: Recipient | None = None,
        reasons: Reasons = NO_REASONS,
        expected_version: int | None = None,
    ) -> ActionResult:
        """Carry out an action on a locked contract, if the rules grant it.

        The clock is read here, after the lock: a request that waited over midnight is decided by the new day. A
        refusal of the rules comes before a stale version, because a second look would not help.

        Args:
            contract: The contract, locked by the caller's transaction.
            action: What to do.
            actor: Who asks for it.
            contractor: The recipient of a mail about the change.
            reasons: Why the actor asks for it.
            expected_version: The version that the actor saw; None if it does not matter.

        Raises:
            TooManyChanges: The rules grant it, but the contractor has used up the day's budget.
            NotPossible: It releases a hold that is not named, or is none of the contract's.
        """
        now = await self._clock.now()
        decision = await self._decide(contract, action, actor, now)
        if isinstance(decision, Refused):
            return ActionResult(contract, now, refusal=decision)
        if expected_version is not None and await has_visibly_changed(contract, expected_version, actor):
            return ActionResult(contract, now, stale=True)
        if self._budget and actor is Actor.CONTRACTOR:
            await self._budget.require(contract.id, now)
        if further := await change_further_hold(contract, action, now, reasons):
            return ActionResult(further, now)
        after = contract_after(contract, decision, now, reasons)
        company = await self._notifications.company_of(contract.id)
        mail = partial(self._notifications.row, after, contractor, company, now)
        await write_rows(*writes_for(decision, contract, after, now, mail=mail, reasons=reasons))
        return ActionResult(after, now)

    async def change_unlocked(
        self,
        read: ViewerContract,
        contract: ContractSnapshot,
        action: Action,
        reasons: Reasons,
        key: IdempotencyKey | None,
    ) -> ActionResult | None:
        """Carry out a contractor's action on a contract that is not locked, in one statement.

        Returns:
            None if the rules do not grant it, a budget is used up, or the contract has changed since it was read.
            Nothing is stored then; `change` finds out why.
        """
        now = read.now
        decision = await self._decide(contract, action, read.viewer.actor, now)
        if isinstance(decision, Refused):
            return None
        after = contract_after(contract, decision, now, reasons)
        company = read.company.name if read.company else ""
        mail = partial(self._notifications.row, after, read.viewer, company, now)
        writes = writes_for(decision, contract, after, now, mail=mail, reasons=reasons)
        result = ActionResult(after, now)
        conditions = [self._budget.left(contract.id, now)] if self._budget else []
        if key:
            writes.append(Insert(IdempotentAnswer, [answer_columns(key, result)]))
            conditions.append(keys_left(key.account_id))
        until = self._valid_until(contract, now)
        write = OptimisticWrite(contract.id, contract.facts.version, until, writes, conditions)
        return result if await write_unless_changed(write, self._clock) else None

    def writes_for_all(
        self, contracts: Iterable[ContractSnapshot], action: Action, actor: Actor, now: datetime
    ) -> list[Write]:
        """Return the rows to store for an action on several locked contracts; `now` was read after the locks.

        No mail is queued.

        Raises:
            ActionRefused: The rules refuse the action on one of them.
        """
        policy = self._policies.in_force_at(now)
        writes: list[Write] = []
        for contract in contracts:
            decision = decide(policy, contract.facts, action, actor, now)
            if isinstance(decision, Refused):
                raise ActionRefused(contract, now, decision)
            writes += writes_for(decision, contract, contract_after(contract, decision, now, NO_REASONS), now)
        return writes

    async def _decide(
        self, contract: ContractSnapshot, action: Action, actor: Actor, now: datetime
    ) -> Granted | Refused:
        policy = self._policies.in_force_at(now)
        decision = decide(policy, contract.facts, action, actor, now)
        if isinstance(decision, Granted) and decision.facts.applications > contract.facts.applications:
            await self._policies.record(policy)  # before something is promised under it
        return decision

    def _valid_until(self, contract: ContractSnapshot, now: datetime) -> datetime:
        """Until when the decision stays valid: midnight, or the end of the window."""
        tomorrow = self._policies.start_of(self._policies.today(now) + _A_DAY)
        application = contract.facts.application
        return min(tomorrow, application.timeline.resumption.at) if application else tomorrow


async def has_visibly_changed(contract: ContractSnapshot, since: int, actor: Actor) -> bool:
    """Return whether the actor sees a locked contract differently than at version `since`.

    A version is invisible if all of its events are. A version without events, or one that never was, is visible.
    """
    if since == contract.facts.version:
        return False
    unseen = [event for event, actors in SEEN_BY.items() if actor not in actors]
    versions = await fetch(_UNSEEN_VERSIONS, contract.id, since, unseen)
    return len(versions) != contract.facts.version - since
