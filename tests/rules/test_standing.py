"""A standing holds until its instant, and no longer: another service may keep it for so long."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.examples import (
    ACTIVE,
    APPLIED,
    APPLIED_ON,
    ENDED,
    ERASED,
    ERASURE,
    HELD,
    SERVICE_END,
    TERMINATED,
    TICK,
    days,
    granted,
    policy_of,
)

from contract_rules import Action, Actor, Facts, Phase, Standing, phase, service_available, standing

CONTRACTS = {"active": ACTIVE, "terminated": TERMINATED, "ended": ENDED, "held": HELD, "erased": ERASED}


@pytest.mark.parametrize(
    ("facts", "now", "expected"),
    [
        (ACTIVE, APPLIED, Standing(Phase.IN_USE, service_available=True, until=None)),
        (TERMINATED, APPLIED, Standing(Phase.RESUMABLE, service_available=True, until=SERVICE_END)),
        (TERMINATED, SERVICE_END - TICK, Standing(Phase.RESUMABLE, service_available=True, until=SERVICE_END)),
        (TERMINATED, SERVICE_END, Standing(Phase.SERVICE_ENDED, service_available=False, until=ERASURE)),
        (ENDED, ERASURE - TICK, Standing(Phase.SERVICE_ENDED, service_available=False, until=ERASURE)),
        (ENDED, ERASURE, Standing(Phase.ERASURE_DUE, service_available=False, until=None)),
        (HELD, ERASURE, Standing(Phase.ERASURE_DUE, service_available=False, until=None)),
        (ERASED, ERASURE, Standing(Phase.ERASED, service_available=False, until=None)),
        (TERMINATED, APPLIED_ON, Standing(Phase.RESUMABLE, service_available=True, until=SERVICE_END)),
        (TERMINATED, date(2024, 3, 16), Standing(Phase.SERVICE_ENDED, service_available=False, until=ERASURE)),
    ],
)
def test_a_standing_changes_at_the_next_deadline(facts: Facts, now: date, expected: Standing) -> None:
    assert standing(facts, now) == expected


def terminated(service_end: int, resumption: int, erasure: int) -> Facts:
    """A contract under terms of so many days."""
    policy = policy_of(days(service_end), days(resumption), days(erasure))
    return granted(ACTIVE, Action.TERMINATE, Actor.CONTRACTOR, APPLIED, policy)


def test_where_the_service_ends_before_the_window_closes_both_instants_change_the_standing() -> None:
    facts = terminated(7, 14, 45)
    first = standing(facts, APPLIED)
    assert first.until is not None
    assert standing(facts, first.until)[:2] == (Phase.RESUMABLE, False)
    assert standing(facts, first.until).until == first.until + timedelta(days=7)


@given(
    lengths=st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(6, 8)),
    hours=st.integers(0, 11 * 24),
    later=st.integers(0, 11 * 24),
)
def test_a_standing_is_the_same_until_its_instant_and_another_from_then_on(
    lengths: tuple[int, int, int], hours: int, later: int
) -> None:
    facts, now = terminated(*lengths), APPLIED + timedelta(hours=hours)
    found, after = standing(facts, now), now + timedelta(hours=later)
    same = standing(facts, after)[:2] == found[:2]
    assert same is (found.until is None or after < found.until)


@pytest.mark.parametrize("facts", CONTRACTS.values(), ids=CONTRACTS)
@pytest.mark.parametrize("now", [APPLIED, SERVICE_END, ERASURE, date(2024, 3, 20)], ids=str)
def test_a_standing_is_what_phase_and_service_available_answer(facts: Facts, now: date) -> None:
    assert standing(facts, now)[:2] == (phase(facts, now), service_available(facts, now))


def test_the_instant_is_written_in_the_policys_zone() -> None:
    until = standing(TERMINATED, datetime.fromisoformat("2024-03-01T00:30+00:00")).until
    assert until is not None
    assert until.isoformat() == "2024-03-16T00:00:00+09:00"
