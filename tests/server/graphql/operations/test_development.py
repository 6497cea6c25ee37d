"""The test clock moves forward by exactly one of three ways, and up to sixty years."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.server.graphql.without_database import NOW, StandingClock, context_of, data_of

ADVANCE = """
mutation ($input: AdvanceTestClockInput!) {
  advanceTestClock(input: $input) {
    ... on TestClockAdvanced { testClock { now offsetSeconds } }
    ... on InvalidInput { path message }
  }
}
"""


async def advanced(clock: StandingClock, **input_: object) -> Any:  # noqa: ANN401 - one of two results
    context = context_of(time_travel=clock, clock=clock)
    return (await data_of(context, ADVANCE, input=input_))["advanceTestClock"]


@pytest.mark.parametrize(
    ("input_", "step"),
    [
        ({"days": 46}, timedelta(days=46)),
        ({"hours": 5, "days": None}, timedelta(hours=5)),
        ({"to": "2024-03-16T00:00:00+09:00"}, timedelta(days=14, hours=14, minutes=30)),
        ({"days": 365 * 60}, timedelta(days=365 * 60)),
    ],
)
async def test_the_clock_moves_forward(input_: dict[str, object], step: timedelta) -> None:
    clock = StandingClock()
    moved = (await advanced(clock, **input_))["testClock"]
    assert datetime.fromisoformat(moved["now"]) == NOW + step
    assert moved["offsetSeconds"] == step // timedelta(seconds=1)


@pytest.mark.parametrize(
    ("input_", "path"),
    [
        ({}, ["input"]),
        ({"days": 1, "hours": 1}, ["input"]),
        ({"days": 0}, ["input", "days"]),
        ({"hours": -1}, ["input", "hours"]),
        ({"to": "2024-03-01T00:00:00+09:00"}, ["input", "to"]),
        ({"days": 2**31 - 1}, ["input", "days"]),
        ({"days": 365 * 60 + 1}, ["input", "days"]),
    ],
)
async def test_any_other_move_is_refused_with_its_place(input_: dict[str, object], path: list[str]) -> None:
    clock = StandingClock()
    assert (await advanced(clock, **input_))["path"] == path
    assert await clock.moved_by() == timedelta()


async def test_sixty_years_are_counted_from_real_time() -> None:
    clock = StandingClock()
    await advanced(clock, days=365 * 60 - 1)
    assert "path" in await advanced(clock, days=2)


async def test_a_reset_returns_to_real_time() -> None:
    clock = StandingClock()
    await advanced(clock, days=1)
    data = await data_of(
        context_of(time_travel=clock, clock=clock), "mutation { resetDemo { testClock { offsetSeconds } } }"
    )
    assert data == {"resetDemo": {"testClock": {"offsetSeconds": 0}}}
