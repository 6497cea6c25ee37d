"""What becomes of a request that names the version its sender saw: the rules' refusal first, then what has changed.

Every state of a contract in which a version can be read, every one or two changes after that, every phase in which the
request can come, every person and action. The stories come from the rules; the answers from one sentence: what the
rules refuse is refused; what they grant is stale exactly where the sender could see a change; all else is done.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from typing import NamedTuple
from uuid import UUID

import pytest
from tests.faults.linearizability import picture
from tests.locks import until_a_lock_is_awaited
from tests.server.workbench import (
    APPLIED_AT,
    ERASURE_DUE_AT,
    OPERATOR,
    SERVICE_ENDS_AT,
    Workbench,
    contract_of,
    sql,
)

from contract_rules import (
    Action,
    Actor,
    Facts,
    Granted,
    Phase,
    Reason,
    Refused,
    Status,
    decide,
    new_contract,
    phase,
    shipped_policies,
)
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.changes import ContractChanges
from contract_server.contracts.notifications import Notifications
from contract_server.contracts.result import ActionRefused, ActionResult, StaleContract
from contract_server.contracts.service import ContractRequest
from contract_server.contracts.store import find_snapshot, lock_snapshot
from contract_server.contracts.viewer_contract import ViewerContract
from contract_server.db.transaction import transaction
from contract_server.mail.outbox import Outbox
from contract_server.policies.policies import served_policies

(POLICY,) = shipped_policies()
A_SECOND = timedelta(seconds=1)
LAST_SECONDS = SERVICE_ENDS_AT - 2 * A_SECOND
INSTANTS = (APPLIED_AT, LAST_SECONDS, SERVICE_ENDS_AT, ERASURE_DUE_AT)
APPLICATIONS = 2
CHANGES_BETWEEN = 2

WHO_ACTS: Mapping[Action, Actor] = {
    Action.TERMINATE: Actor.CONTRACTOR,
    Action.RESUME: Actor.CONTRACTOR,
    Action.END_SERVICE: Actor.SYSTEM,
    Action.HOLD_ERASURE: Actor.OPERATOR,
    Action.RELEASE_ERASURE_HOLD: Actor.OPERATOR,
    Action.ERASE: Actor.SYSTEM,
}
ASKED_BY = {
    Actor.CONTRACTOR: (Action.TERMINATE, Action.RESUME),
    Actor.OPERATOR: (Action.TERMINATE, Action.RESUME, Action.HOLD_ERASURE, Action.RELEASE_ERASURE_HOLD),
}


class Step(NamedTuple):
    """A change, when it is made, and the facts after it."""

    action: Action
    at: datetime
    facts: Facts


class Story(NamedTuple):
    """What happens until a version is read, what happens after that, and when the request comes."""

    before: tuple[Step, ...]
    between: tuple[Step, ...]
    now: datetime

    @property
    def read(self) -> Facts:
        return self.before[-1].facts if self.before else new_contract()

    @property
    def facts(self) -> Facts:
        return self.between[-1].facts if self.between else self.read

    @property
    def state(self) -> str:
        """The state in which the version is read."""
        return f"{self.read.status}{' ended' * self.read.service_ended}{' held' * self.read.erasure_held}"

    def __str__(self) -> str:
        return " -> ".join([self.state, *(step.action for step in self.between), phase(self.facts, self.now)])


def changes(facts: Facts, since: datetime) -> Iterator[Step]:
    """Everything that can change such a contract from that instant on."""
    for at in INSTANTS:
        for action, actor in WHO_ACTS.items():
            decision = decide(POLICY, facts, action, actor, at)
            if at >= since and isinstance(decision, Granted) and decision.effects:
                yield Step(action, at, decision.facts)


def every_history() -> list[tuple[Step, ...]]:
    """A shortest way to every state of a contract with at most two applications."""
    seen = {(new_contract(), APPLIED_AT)}
    histories: list[tuple[Step, ...]] = [()]
    for steps in histories:  # grows while it is read
        facts, since = (steps[-1].facts, steps[-1].at) if steps else (new_contract(), APPLIED_AT)
        for step in changes(facts, since):
            state = replace(step.facts, version=1), step.at
            if step.facts.applications <= APPLICATIONS and state not in seen:
                seen.add(state)
                histories.append((*steps, step))
    return histories


def every_story() -> list[Story]:
    """One for every state in which a version is read, changes after that, and phase in which the request comes."""
    stories: dict[str, Story] = {}
    queue = deque(Story(before, (), before[-1].at if before else APPLIED_AT) for before in every_history())
    while queue:
        story = queue.popleft()
        for now in INSTANTS:
            if now >= story.now:
                told = story._replace(now=now)
                stories.setdefault(str(told), told)
        if len(story.between) < CHANGES_BETWEEN:
            queue += (Story(story.before, (*story.between, step), step.at) for step in changes(story.facts, story.now))
    return list(stories.values())


STORIES = every_story()
STATES = {story.state: [each for each in STORIES if each.state == story.state] for story in STORIES}


Problem = Reason | type[StaleContract] | None
"""What a request is answered with; None where it is carried out."""


def expected(story: Story, actor: Actor, action: Action) -> Problem:
    decision = decide(POLICY, story.facts, action, actor, story.now)
    if isinstance(decision, Refused):
        return decision.reason
    seen = {picture(facts, actor) for facts in (story.read, *(step.facts for step in story.between))}
    return None if len(seen) == 1 else StaleContract


@dataclass
class Scene:
    """A contract with which a story is lived."""

    bench: Workbench
    contractor: Viewer

    @property
    def contract_id(self) -> UUID:
        return contract_of(self.contractor)

    @classmethod
    async def of(cls, bench: Workbench) -> "Scene":
        return cls(bench, await bench.contract(members=1))

    async def live(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            self.bench.clock.instant = step.at
            await self._make(step.action)
            assert (await self.facts()).version == step.facts.version

    async def _make(self, action: Action) -> None:
        if action is Action.ERASE:
            await self.bench.erasures.erase(self.contract_id)
        elif action is Action.END_SERVICE:
            recording = ContractChanges(self.bench.clock, served_policies(), Notifications(Outbox(self.bench.settings)))
            async with transaction():
                contract = await lock_snapshot(self.contract_id)
                assert contract
                await recording.change(contract, action, Actor.SYSTEM)
        else:
            await self.ask(WHO_ACTS[action], action, None)

    async def ask(
        self,
        actor: Actor,
        action: Action,
        version: int | None,
        *,
        viewer_contract: ViewerContract | None = None,
        key: str | None = None,
    ) -> ActionResult:
        request = ContractRequest(
            action=action, contract_id=self.contract_id, note="2024-001", expected_version=version
        )
        viewer = self.contractor if actor is Actor.CONTRACTOR else OPERATOR
        return await self.bench.requests.execute(viewer, request, key, viewer_contract=viewer_contract)

    async def viewer_contract(self) -> ViewerContract:
        """What is read of the contract together with the contractor's session."""
        return ViewerContract(self.contractor, self.bench.clock.instant, await find_snapshot(self.contract_id), None)

    async def facts(self) -> Facts:
        contract = await find_snapshot(self.contract_id)
        assert contract
        return contract.facts


async def told(asked: Awaitable[ActionResult]) -> tuple[Problem, Facts, datetime]:
    """What an answer says: the problem, the contract, and when it was judged."""
    try:
        answer = await asked
    except ActionRefused as refused:
        return refused.refusal.reason, refused.contract.facts, refused.at
    except StaleContract as stale:
        return StaleContract, stale.contract.facts, stale.at
    return None, answer.contract.facts, answer.at


def test_the_stories_reach_every_state_change_phase_and_answer() -> None:
    assert {story.read.status for story in STORIES} == set(Status)
    assert {step.action for story in STORIES for step in story.between} == set(Action)
    assert {phase(story.facts, story.now) for story in STORIES} == set(Phase) - {Phase.RUNNING_OUT}
    for action in (Action.TERMINATE, Action.RESUME):
        answers = {expected(story, Actor.CONTRACTOR, action) for story in STORIES if story.between}
        assert {None, StaleContract, Reason.CONTRACT_ERASED} < answers


@pytest.mark.parametrize("read", ["locked", "before the changes", "after the changes"])
@pytest.mark.parametrize("state", STATES)
async def test_what_the_rules_grant_is_stale_for_a_contractor_where_they_could_see_a_change(
    bench: Workbench, state: str, read: str
) -> None:
    for story, action in product(STATES[state], ASKED_BY[Actor.CONTRACTOR]):
        scene = await Scene.of(bench)
        await scene.live(story.before)
        before = await scene.viewer_contract()
        await scene.live(story.between)
        bench.clock.instant = story.now
        viewer_contract = {
            "locked": None,
            "before the changes": before,
            "after the changes": await scene.viewer_contract(),
        }[read]
        ask = partial(
            scene.ask, Actor.CONTRACTOR, action, story.read.version, viewer_contract=viewer_contract, key="once"
        )
        answer = await told(ask())
        assert answer[0] == expected(story, Actor.CONTRACTOR, action), f"{story}: {action}"
        if story.facts.status is not Status.ERASED:  # an erasure keeps no answers
            bench.clock.instant += A_SECOND
            assert await told(ask()) == answer, f"{story}: {action} again"
        assert await scene.facts() == answer[1], f"{story}: {action}"


@pytest.mark.parametrize("state", STATES)
async def test_an_operator_sees_holds_as_well(bench: Workbench, state: str) -> None:
    for story, action in product(STATES[state], ASKED_BY[Actor.OPERATOR]):
        scene = await Scene.of(bench)
        await scene.live((*story.before, *story.between))
        bench.clock.instant = story.now
        problem, *_ = await told(scene.ask(Actor.OPERATOR, action, story.read.version))
        assert problem == expected(story, Actor.OPERATOR, action), f"{story}: {action}"


@pytest.mark.parametrize("read", ["locked", "before the hold", "after the hold"])
async def test_two_seconds_before_the_end_a_hold_does_not_cost_the_right_to_resume(bench: Workbench, read: str) -> None:
    scene = await Scene.of(bench)
    seen = (await scene.ask(Actor.CONTRACTOR, Action.TERMINATE, None)).contract.facts.version
    bench.clock.instant = LAST_SECONDS
    before = await scene.viewer_contract()
    await bench.hold(scene.contract_id)
    viewer_contract = {"locked": None, "before the hold": before, "after the hold": await scene.viewer_contract()}[read]
    resumed = await scene.ask(Actor.CONTRACTOR, Action.RESUME, seen, viewer_contract=viewer_contract)
    assert (resumed.contract.facts.status, resumed.contract.hold is not None) == (Status.ACTIVE, True)


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_hold_that_is_being_placed_only_delays_the_contractor(bench: Workbench, at_once: bool) -> None:
    scene = await Scene.of(bench)
    seen = (await scene.ask(Actor.CONTRACTOR, Action.TERMINATE, None)).contract.facts.version
    bench.clock.instant = LAST_SECONDS
    viewer_contract = await scene.viewer_contract() if at_once else None
    placed, go_on = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with transaction():
            await bench.hold(scene.contract_id)
            placed.set()
            await go_on.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(hold())
        await placed.wait()
        resumed = group.create_task(scene.ask(Actor.CONTRACTOR, Action.RESUME, seen, viewer_contract=viewer_contract))
        await until_a_lock_is_awaited(sql)
        go_on.set()
    assert resumed.result().contract.facts.status is Status.ACTIVE


async def test_a_version_that_never_was_is_stale(bench: Workbench) -> None:
    for version in (0, -1, -(2**31), 3, 2**31 - 1):
        scene = await Scene.of(bench)
        await bench.hold(scene.contract_id)
        problem, *_ = await told(scene.ask(Actor.CONTRACTOR, Action.TERMINATE, version))
        assert problem is StaleContract, version


async def test_a_change_of_which_no_event_tells_counts_as_seen(bench: Workbench) -> None:
    scene = await Scene.of(bench)
    await sql("UPDATE contract SET version = version + 1 WHERE id = $1", scene.contract_id)
    await bench.hold(scene.contract_id)
    for version, problem in ((1, StaleContract), (2, None)):
        assert (await told(scene.ask(Actor.CONTRACTOR, Action.TERMINATE, version)))[0] is problem
