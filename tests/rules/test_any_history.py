"""Any history at all: everybody asks for anything while the clock moves, and what was promised holds."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.rules.examples import APPLIED, POLICY, TICK, days, policy_of

from contract_rules import (
    Action,
    Actor,
    EventType,
    Facts,
    Policy,
    RecordEvent,
    Refused,
    Status,
    decide,
    new_contract,
)

POLICIES = (
    POLICY,
    policy_of(days(10), days(20), days(30)),
    policy_of(days(20), days(10), days(30)),
    policy_of(days(1), days(1), days(1)),
)


class AnyHistory(RuleBasedStateMachine):
    """One contract, its recorded history, and a clock that only runs forward."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = APPLIED
        self.facts: Facts = new_contract()
        self.before_terminating: Facts = self.facts
        self.numbers: list[int] = []
        self.events: list[RecordEvent] = []
        self.policy: Policy = POLICY

    @initialize(policy=st.sampled_from(POLICIES))
    def choose_the_terms(self, policy: Policy) -> None:
        self.policy = policy

    @rule(later=st.timedeltas(timedelta(0), timedelta(days=20)))
    def time_passes(self, later: timedelta) -> None:
        self.now += later

    @precondition(lambda self: self.facts.application is not None)
    @rule(kind=st.sampled_from(["service_end", "resumption", "erasure"]), ticks=st.integers(-1, 1))
    def time_comes_to_a_deadline(self, kind: str, ticks: int) -> None:
        assert self.facts.application is not None
        self.now = max(self.now, getattr(self.facts.application.timeline, kind).at + ticks * TICK)

    @rule(policy=st.sampled_from(POLICIES))
    def terms_change(self, policy: Policy) -> None:
        self.policy = policy

    @rule(action=st.sampled_from(Action), actor=st.sampled_from(Actor))
    def somebody_asks(self, action: Action, actor: Actor) -> None:
        before = self.facts
        decision = decide(self.policy, before, action, actor, self.now)
        if isinstance(decision, Refused):
            assert self.facts == before
            return
        self.facts = decision.facts
        self.check(before, action)
        self.events += [effect for effect in decision.effects if isinstance(effect, RecordEvent)]

    def check(self, before: Facts, action: Action) -> None:
        """What must hold of every change."""
        assert before.status is not Status.ERASED
        if action is Action.TERMINATE:
            assert self.facts.application is not None
            assert self.facts.application.timeline == self.policy.timeline(self.now)
            self.before_terminating = before
            self.numbers.append(self.facts.application.number)
        if action is Action.RESUME:
            assert before.application is not None
            assert self.now < before.application.timeline.resumption.at
            assert self.facts == replace(
                self.before_terminating,
                version=self.facts.version,
                applications=self.facts.applications,
                erasure_held=before.erasure_held,
            )
        if action is Action.ERASE:
            assert before.application is not None
            assert self.now >= before.application.timeline.erasure.at
            assert not before.erasure_held

    @invariant()
    def no_two_applications_share_a_number(self) -> None:
        assert self.numbers == list(range(1, self.facts.applications + 1))

    @invariant()
    def the_version_counts_the_changes(self) -> None:
        ends_recorded_on_the_way = sum(
            1
            for event, following in zip(self.events, self.events[1:], strict=False)
            if event.type is EventType.SERVICE_ENDED
            and following.application_number == event.application_number
            and following.type in {EventType.RESUMED, EventType.ERASED}
        )
        assert self.facts.version - 1 <= len(self.events) <= self.facts.version - 1 + ends_recorded_on_the_way

    @invariant()
    def the_end_of_service_is_recorded_once_for_an_application(self) -> None:
        ended = [event.application_number for event in self.events if event.type is EventType.SERVICE_ENDED]
        assert len(ended) == len(set(ended))

    @invariant()
    def an_erased_history_has_an_end_of_service_and_closes_with_erasure(self) -> None:
        if self.facts.status is Status.ERASED:
            number = self.facts.applications
            assert self.events[-1].type is EventType.ERASED
            assert (EventType.SERVICE_ENDED, number) in {
                (event.type, event.application_number) for event in self.events
            }

    @invariant()
    def events_of_one_application_are_in_the_order_of_time(self) -> None:
        assert all(event.at <= self.now for event in self.events)
        for number in {event.application_number for event in self.events}:
            instants = [event.at for event in self.events if event.application_number == number]
            assert instants == sorted(instants)


AnyHistory.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestAnyHistory = AnyHistory.TestCase
