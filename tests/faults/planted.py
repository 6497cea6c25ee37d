"""Bugs that are planted in the product, to see whether the checker finds them.

Our own code is replaced here on purpose: a checker that was never seen to find anything proves nothing. Each bug is one
that somebody could well write.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import resources
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from tests.faults.linearizability import Flaw

from contract_rules import Action, Actor, Condition, Granted, PolicyRegistry, decisions, parse_policy
from contract_server import services
from contract_server.accounts.viewer import Viewer
from contract_server.clock import TestClock
from contract_server.contracts import changes, effects, optimistic, service
from contract_server.contracts.effects import contract_after, writes_for
from contract_server.contracts.result import ActionRefused, ActionResult
from contract_server.contracts.service import ContractRequest, ContractService
from contract_server.contracts.snapshot import ContractSnapshot, contract_columns
from contract_server.contracts.store import find_snapshot, lock_snapshot
from contract_server.db.rows import Write
from contract_server.db.transaction import current_connection, transaction
from contract_server.mail import queue
from contract_server.mail.models import OutboxMail
from contract_server.policies.policies import ServedPolicies

A_DAY = timedelta(days=1)
A_MOMENT = 0.1  # seconds
SELDOM = 0.05


class Planted(NamedTuple):
    """A bug: what is wrong, how it gets there, and what it looks like from outside."""

    bug: str
    plant: Callable[[pytest.MonkeyPatch], None]
    shows_as: Flaw


def no_lock(patch: pytest.MonkeyPatch) -> None:
    async def unlocked(contract_id: UUID) -> ContractSnapshot | None:
        return await find_snapshot(contract_id)

    patch.setattr(service, "lock_snapshot", unlocked)


def granted_twice(patch: pytest.MonkeyPatch) -> None:
    """The contract is read, then locked, then judged by what was read."""

    async def read_then_locked(contract_id: UUID) -> ContractSnapshot | None:
        read = await find_snapshot(contract_id)
        await lock_snapshot(contract_id)
        return read

    patch.setattr(service, "lock_snapshot", read_then_locked)


def version_not_compared(patch: pytest.MonkeyPatch) -> None:
    """What was read without a lock is written whatever has become of the contract since."""
    unguarded = optimistic._STATEMENT.replace("version = $2", "$2::int > 0")  # noqa: SLF001 - broken from inside, on purpose
    assert unguarded != optimistic._STATEMENT  # noqa: SLF001 - as above
    patch.setattr(optimistic, "_STATEMENT", unguarded)
    patch.setattr(optimistic, "_statement", optimistic._statement.__wrapped__)  # noqa: SLF001 - without what it remembers


def version_that_does_not_grow(patch: pytest.MonkeyPatch) -> None:
    def after(before: ContractSnapshot, *more: Any) -> ContractSnapshot:  # noqa: ANN401 - passed on
        changed = contract_after(before, *more)
        return replace(changed, facts=replace(changed.facts, version=before.facts.version))

    patch.setattr(changes, "contract_after", after)


def expected_version_ignored(patch: pytest.MonkeyPatch) -> None:
    class NeverStale(ContractService):
        async def execute(self, viewer: Viewer, request: ContractRequest, *more: Any, **named: Any) -> ActionResult:  # noqa: ANN401 - passed on
            return await super().execute(viewer, replace(request, expected_version=None), *more, **named)

    patch.setattr(services, "ContractService", NeverStale)


def unseen_changes_count_as_seen(patch: pytest.MonkeyPatch) -> None:
    """Whoever names an earlier version is told to look again, even where there is nothing new for them to see."""

    async def another_version(contract: ContractSnapshot, since: int, _: Actor) -> bool:
        return since != contract.facts.version

    patch.setattr(changes, "has_visibly_changed", another_version)


def clock_of_the_transaction(patch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's `now()`: it stands still from the start of a transaction, however long that waits for a lock."""

    class TransactionClock(TestClock):
        sql = TestClock.sql.replace("clock_timestamp()", "now()")

    patch.setattr(services, "TestClock", TransactionClock)


def mail_forgotten(patch: pytest.MonkeyPatch) -> None:
    def writes(decision: Granted, *more: Any, **named: Any) -> list[Write]:  # noqa: ANN401 - passed on
        found = writes_for(decision, *more, **named)
        return [write for write in found if write.model is not OutboxMail or decision.facts.version % 9]

    patch.setattr(changes, "writes_for", writes)


def mail_sent_by_two(patch: pytest.MonkeyPatch) -> None:
    """A lease is over as soon as it begins."""
    patch.setattr(queue, "LEASE", timedelta())


def acknowledged_and_rolled_back(patch: pytest.MonkeyPatch) -> None:
    dice = Random(1)  # noqa: S311 - repeatable on purpose

    @asynccontextmanager
    async def seldom_rolled_back() -> AsyncIterator[None]:
        async with transaction():
            yield
            if dice.random() < SELDOM:
                await current_connection().execute_query("ROLLBACK AND CHAIN")

    patch.setattr(service, "transaction", seldom_rolled_back)


def window_closed_early(patch: pytest.MonkeyPatch) -> None:
    _judge_by_another_day(patch, Condition.WINDOW_OPEN, A_DAY)


def window_closed_late(patch: pytest.MonkeyPatch) -> None:
    _judge_by_another_day(patch, Condition.WINDOW_OPEN, -A_DAY)


def erased_early(patch: pytest.MonkeyPatch) -> None:
    def columns(after: ContractSnapshot, now: datetime) -> dict[str, Any]:
        stored: dict[str, Any] = contract_columns(after, now)
        due_at = stored["erasure_due_at"]
        return stored | {"erasure_due_at": due_at and due_at - A_DAY}

    patch.setattr(effects, "contract_columns", columns)
    _judge_by_another_day(patch, Condition.ERASURE_DUE, A_DAY)


def _judge_by_another_day(patch: pytest.MonkeyPatch, condition: Condition, shift: timedelta) -> None:
    rule = decisions.UNMET[condition]
    patch.setitem(decisions.UNMET, condition, lambda policy, facts, now: rule(policy, facts, now + shift))


def key_ignored(patch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> None:
        return None

    patch.setattr(service, "recall", nothing)
    patch.setattr(service, "remember", nothing)


def a_day_short(patch: pytest.MonkeyPatch) -> None:
    shipped = resources.files("contract_rules") / "policies" / "omakase-login-1.0.toml"
    policy = parse_policy(shipped.read_text(encoding="utf-8").replace("count = 14", "count = 13"))
    patch.setattr(services, "served_policies", lambda *_: ServedPolicies(PolicyRegistry([policy])))


def refused_from_memory(patch: pytest.MonkeyPatch) -> None:
    """What was refused a moment ago is refused again without asking anybody."""

    class Hasty(ContractService):
        refused: dict[Action, tuple[float, ActionRefused]] = {}  # noqa: RUF012 - for the length of one test

        async def execute(self, viewer: Viewer, request: ContractRequest, *more: Any, **named: Any) -> ActionResult:  # noqa: ANN401 - passed on
            if request.expected_version or any(more):
                return await super().execute(viewer, request, *more, **named)
            at, refusal = self.refused.get(request.action, (0, None))
            if refusal and time.monotonic() - at < A_MOMENT:
                raise refusal
            try:
                return await super().execute(viewer, request, *more, **named)
            except ActionRefused as refused:
                self.refused[request.action] = time.monotonic(), refused
                raise

    patch.setattr(services, "ContractService", Hasty)


PLANTED = (
    Planted("no lock", no_lock, Flaw.ANOTHER_DECISION),
    Planted("granted twice", granted_twice, Flaw.ANOTHER_DECISION),
    Planted("the version not compared", version_not_compared, Flaw.ANOTHER_DECISION),
    Planted("a version that does not grow", version_that_does_not_grow, Flaw.ANOTHER_DECISION),
    Planted("the expected version ignored", expected_version_ignored, Flaw.ANOTHER_DECISION),
    Planted("unseen changes that count as seen", unseen_changes_count_as_seen, Flaw.ANOTHER_DECISION),
    Planted("a stale clock", clock_of_the_transaction, Flaw.BACKWARDS),
    Planted("a mail forgotten", mail_forgotten, Flaw.MAIL_MISSING),
    Planted("a mail sent by two workers", mail_sent_by_two, Flaw.MAIL_TWICE),
    Planted("an acknowledged change lost", acknowledged_and_rolled_back, Flaw.ANOTHER_DECISION),
    Planted("refused though allowed", window_closed_early, Flaw.ANOTHER_DECISION),
    Planted("granted though refused", window_closed_late, Flaw.ANOTHER_DECISION),
    Planted("erased too early", erased_early, Flaw.ANOTHER_DECISION),
    Planted("the key ignored", key_ignored, Flaw.TWO_ANSWERS),
    Planted("other dates than promised", a_day_short, Flaw.ANOTHER_DECISION),
    Planted("refused from memory", refused_from_memory, Flaw.OUT_OF_ORDER),
)
