"""The one place where a contract changes: the rules decide, and what they grant is stored."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from functools import partial

from contract_rules import Action, Actor, Granted, Refused, decide
from contract_server.clock import Clock
from contract_server.contracts.effects import NO_REASONS, Reasons, contract_after, writes_for
from contract_server.contracts.idempotency import IdempotencyKey, answer_columns
from contract_server.contracts.models import IdempotentAnswer
from contract_server.contracts.notifications import Notifications
from contract_server.contracts.optimistic import OptimisticWrite, write_unless_changed
from contract_server.contracts.policies import ServedPolicies
from contract_server.contracts.result import ActionRefused, ActionResult
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.viewer_contract import ViewerContract
from contract_server.contracts.visibility import has_visibly_changed
from contract_server.db.rows import Insert, Write, write_rows
from contract_server.mail.outbox import Recipient

_A_DAY = timedelta(days=1)


class ContractChanges:
    """Changes contracts: locked ones in the caller's transaction, others in one guarded statement."""

    def __init__(self, clock: Clock, policies: ServedPolicies, notifications: Notifications) -> None:
        self._clock = clock
        self._policies = policies
        self._notifications = notifications

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
        """
        now = await self._clock.now()
        decision = await self._decide(contract, action, actor, now)
        if isinstance(decision, Refused):
            return ActionResult(contract, now, refusal=decision)
        if expected_version is not None and await has_visibly_changed(contract, expected_version, actor):
            return ActionResult(contract, now, stale=True)
        after = contract_after(contract, decision, now, reasons)
        mail = partial(self._notifications.row, after, contractor, now)
        await write_rows(*writes_for(decision, contract, after, now, mail=mail, note=reasons.note))
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
            None if the rules do not grant it, or the contract has changed since it was read. Nothing is stored then;
            `change` finds out why.
        """
        now = read.now
        decision = await self._decide(contract, action, read.viewer.actor, now)
        if isinstance(decision, Refused):
            return None
        after = contract_after(contract, decision, now, reasons)
        mail = partial(self._notifications.row, after, read.viewer, now)
        writes = writes_for(decision, contract, after, now, mail=mail)
        result = ActionResult(after, now)
        if key:
            writes.append(Insert(IdempotentAnswer, [answer_columns(key, result)]))
        write = OptimisticWrite(contract.id, contract.facts.version, self._valid_until(contract, now), writes)
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
        tomorrow = datetime.combine(self._policies.today(now) + _A_DAY, time.min, self._policies.zone)
        application = contract.facts.application
        return min(tomorrow, application.timeline.resumption.at) if application else tomorrow
