# mypy: disable-error-code="import-not-found, import-untyped, misc"
# The peers are installed where speed is measured, not where types are checked, and most have none.
"""How fast the rules answer, as ratios in one run: against the floor, and against other ways to write the policy.

`make bench-rules` runs it. Each group asks one question; the number in brackets is the ratio to the group's
fastest. Peers are asked only what they can express, and must give the same answer. They do more in general
(callbacks, history, a whole language), which is what their time buys.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import celpy
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from statemachine import State, StateMachine
from tests.rules.examples import ACTIVE, APPLIED, ERASURE, POLICY, SERVICE_END, TERMINATED
from transitions import Machine

from contract_rules import Action, Actor, Facts, Granted, Phase, Refused, Status, available_actions, decide, phase
from contract_rules.policy.terms import promised_on

NOW = (SERVICE_END - timedelta(days=3, hours=1)).astimezone(UTC)
TODAY = date(2024, 3, 12)
CONTRACTOR, SYSTEM = Actor.CONTRACTOR, Actor.SYSTEM
TERMINATE, RESUME, ERASE = Action.TERMINATE, Action.RESUME, Action.ERASE

Ask = Callable[[], tuple[str, ...]]


# ---------------------------------------------------------------- what may the contractor do, and where does it stand?


class Row:
    """A contract as the peers keep it: a state, and the instants at which its deadlines pass."""

    def __init__(self, facts: Facts) -> None:
        self.state = facts.status.value
        self.resumption_at = SERVICE_END
        self.erasure_at = ERASURE
        self.now = NOW

    def window_open(self) -> bool:
        return self.now < self.resumption_at

    def erasure_due(self) -> bool:
        return self.now >= self.erasure_at


def by_transitions() -> Ask:
    row: Any = Row(TERMINATED)
    Machine(
        row,
        states=[status.value for status in Status],
        initial=row.state,
        auto_transitions=False,
        transitions=[
            {"trigger": "terminate", "source": "ACTIVE", "dest": "TERMINATED"},
            {"trigger": "resume", "source": "TERMINATED", "dest": "ACTIVE", "conditions": "window_open"},
            {"trigger": "erase", "source": "TERMINATED", "dest": "ERASED", "conditions": "erasure_due"},
        ],
    )

    def ask() -> tuple[str, ...]:
        may = (("TERMINATE", row.may_terminate), ("RESUME", row.may_resume), ("ERASE", row.may_erase))
        return tuple(name for name, possible in may if possible())

    return ask


class ContractMachine(StateMachine):
    """The same table in python-statemachine."""

    ACTIVE = State(initial=True)
    TERMINATED = State()
    ERASED = State(final=True)
    TERMINATE = ACTIVE.to(TERMINATED)
    RESUME = TERMINATED.to(ACTIVE, cond="window_open")
    ERASE = TERMINATED.to(ERASED, cond="erasure_due")


def by_statemachine() -> Ask:
    machine = ContractMachine(Row(TERMINATED), start_value="TERMINATED")

    def ask() -> tuple[str, ...]:
        return tuple(str(event.id) for event in machine.enabled_events())

    return ask


CEL = """
(status == "ACTIVE" ? ["TERMINATE"] : [])
+ (status == "TERMINATED" && now < resumption_at ? ["RESUME"] : [])
+ (status == "TERMINATED" && now >= erasure_at ? ["ERASE"] : [])
"""


def by_cel() -> Ask:
    environment = celpy.Environment()
    program = environment.program(environment.compile(CEL))
    row = celpy.json_to_cel({"status": "TERMINATED"}) | {
        "now": celpy.celtypes.TimestampType(NOW),
        "resumption_at": celpy.celtypes.TimestampType(SERVICE_END),
        "erasure_at": celpy.celtypes.TimestampType(ERASURE),
    }

    def ask() -> tuple[str, ...]:
        return tuple(str(name) for name in program.evaluate(row))

    return ask


PEERS = {"transitions": by_transitions, "python-statemachine": by_statemachine, "cel-python": by_cel}


def compare(now: datetime, deadline: datetime) -> bool:
    """The floor: what no answer can do without."""
    return now < deadline


def stand_and_offer(facts: Facts, now: date) -> tuple[Phase, tuple[Action, ...]]:
    """Both questions that a page asks of a contract."""
    return phase(facts, now), available_actions(POLICY, facts, CONTRACTOR, now)


@pytest.mark.benchmark(group="what may be done now?")
class TestAvailable:
    """The contract is terminated, its window is open."""

    def test_floor_one_comparison_of_instants(self, benchmark: BenchmarkFixture) -> None:
        assert benchmark(compare, NOW, SERVICE_END.astimezone(UTC))

    def test_phase_today(self, benchmark: BenchmarkFixture) -> None:
        assert benchmark(phase, TERMINATED, TODAY) is Phase.RESUMABLE

    def test_available_actions_today(self, benchmark: BenchmarkFixture) -> None:
        assert benchmark(available_actions, POLICY, TERMINATED, CONTRACTOR, TODAY) == (RESUME,)

    def test_phase_and_available_actions_today(self, benchmark: BenchmarkFixture) -> None:
        assert benchmark(stand_and_offer, TERMINATED, TODAY) == (Phase.RESUMABLE, (RESUME,))

    def test_phase_and_available_actions_now(self, benchmark: BenchmarkFixture) -> None:
        assert benchmark(stand_and_offer, TERMINATED, NOW) == (Phase.RESUMABLE, (RESUME,))

    @pytest.mark.parametrize("peer", PEERS)
    def test_peer(self, peer: str, benchmark: BenchmarkFixture) -> None:
        assert benchmark(PEERS[peer]()) == ("RESUME",)


# ---------------------------------------------------------------- a full decision


@pytest.mark.benchmark(group="decide")
class TestDecide:
    """The whole answer: new facts and effects, or the refusal."""

    def test_floor_one_comparison_of_instants(self, benchmark: BenchmarkFixture) -> None:
        assert benchmark(compare, NOW, SERVICE_END.astimezone(UTC))

    @pytest.mark.parametrize(
        ("facts", "action", "actor", "now", "kind"),
        [
            pytest.param(ACTIVE, TERMINATE, CONTRACTOR, NOW, Granted, id="terminate"),
            pytest.param(TERMINATED, TERMINATE, CONTRACTOR, NOW, Refused, id="terminate again"),
            pytest.param(TERMINATED, RESUME, CONTRACTOR, NOW, Granted, id="resume"),
            pytest.param(TERMINATED, RESUME, CONTRACTOR, ERASURE.astimezone(UTC), Refused, id="resume late"),
            pytest.param(TERMINATED, ERASE, SYSTEM, ERASURE.astimezone(UTC), Granted, id="erase"),
        ],
    )
    def test_decide(  # noqa: PLR0917  # one for each column
        self, facts: Facts, action: Action, actor: Actor, now: datetime, kind: type, benchmark: BenchmarkFixture
    ) -> None:
        assert isinstance(benchmark(decide, POLICY, facts, action, actor, now), kind)


# ---------------------------------------------------------------- the dates


def bare_dates(day: date) -> tuple[date, date, date]:
    """The floor: the arithmetic without zone, instant, version or type."""
    return day + timedelta(14), day + timedelta(14), day + timedelta(45)


@pytest.mark.benchmark(group="the dates of an application")
class TestTimeline:
    """Computed once for an application, and remembered for the others of its day."""

    def test_floor_bare_date_arithmetic(self, benchmark: BenchmarkFixture) -> None:
        benchmark(bare_dates, TODAY)

    def test_timeline_of_the_first_application_of_a_day(self, benchmark: BenchmarkFixture) -> None:
        timeline = benchmark(promised_on.__wrapped__, POLICY, TODAY, False)
        assert timeline == POLICY.timeline_on(TODAY)

    def test_timeline_of_the_next_application(self, benchmark: BenchmarkFixture) -> None:
        assert benchmark(POLICY.timeline, NOW).requested_on == TODAY

    def test_timeline_for_a_preview(self, benchmark: BenchmarkFixture) -> None:
        assert benchmark(POLICY.timeline_on, TODAY).requested_on == TODAY


def test_deadlines_are_not_computed_again_when_an_application_is_asked_about() -> None:
    promised_on.cache_clear()
    for now in (NOW, SERVICE_END, ERASURE):
        stand_and_offer(TERMINATED, now)
        decide(POLICY, TERMINATED, RESUME, CONTRACTOR, now)
    assert promised_on.cache_info().misses == 0
    POLICY.timeline(APPLIED)
    assert promised_on.cache_info().misses == 1
