"""The dates of an application are shown with the days that are left and with the reason for each."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.server.graphql.without_database import CONTRACT, NOW, StandingClock, context_of, data_of, terminated, viewer

from contract_rules import shipped_policies
from contract_server.graphql.types.timeline import Timeline

TIMELINE = """
query ($id: ID!) {
  contract(id: $id) { termination { requestedAt timeline {
    requestedOn policyVersion
    serviceEnd { lastDay at passed daysLeft explanation }
    resumption { lastDay explanation }
    erasure { lastDay explanation }
  } } }
}
"""


async def timeline_on(day: int, hour: int = 9, language: str = "en") -> dict[str, Any]:
    clock = StandingClock()
    await clock.advance(NOW.replace(day=day, hour=hour, minute=0))
    context = context_of(viewer(), terminated(), language=language, clock=clock)
    data = await data_of(context, TIMELINE, id=str(CONTRACT))
    timeline: dict[str, Any] = data["contract"]["termination"]["timeline"]
    return timeline


async def test_the_three_dates_follow_from_the_application() -> None:
    timeline = await timeline_on(2)
    last_days = [timeline[kind]["lastDay"] for kind in ("serviceEnd", "resumption", "erasure")]
    assert last_days == ["2024-03-15", "2024-03-15", "2024-04-15"]
    assert timeline["requestedOn"] == "2024-03-01"
    assert timeline["serviceEnd"]["at"] == "2024-03-16T00:00:00+09:00"


@pytest.mark.parametrize(
    ("day", "hour", "days_left", "passed"), [(1, 23, 14, False), (15, 23, 0, False), (16, 0, -1, True)]
)
async def test_a_deadline_has_passed_when_its_last_day_is_over(
    day: int, hour: int, days_left: int, passed: bool
) -> None:
    deadline = (await timeline_on(day, hour))["serviceEnd"]
    assert (deadline["daysLeft"], deadline["passed"]) == (days_left, passed)


async def test_a_deadline_is_explained_in_the_language_of_the_request() -> None:
    english, japanese = (await timeline_on(2))["serviceEnd"], (await timeline_on(2, language="ja"))["serviceEnd"]
    assert "2024" in english["explanation"]
    assert english["explanation"] != japanese["explanation"]


@pytest.mark.parametrize(("day", "is_past"), [(15, False), (16, True)])
async def test_a_deadline_that_has_passed_is_explained_in_the_past_tense(day: int, is_past: bool) -> None:
    timeline = await timeline_on(day, 0, "ja")
    for name in ("serviceEnd", "resumption"):
        assert timeline[name]["explanation"].endswith("終了いたしました。") == is_past


@pytest.mark.parametrize(
    ("is_erased", "end"), [(False, "まで保管し、その後抹消いたします。"), (True, "抹消いたしました。")]
)
async def test_only_an_erased_contract_is_said_to_be_erased_however_late(is_erased: bool, end: str) -> None:
    timeline = shipped_policies().in_force(date(2024, 3, 1)).timeline_on(date(2024, 3, 1))
    context = context_of(viewer(), language="ja")
    shown = Timeline.of(timeline, NOW + timedelta(days=60), context, erased=is_erased)
    assert shown.erasure.explanation(SimpleNamespace(context=context)).endswith(end)


async def test_the_policy_states_its_days_and_its_rule_of_counting() -> None:
    query = "{ policy { serviceEndDays resumptionDays erasureDays timeZone description } }"
    policy = (await data_of(context_of(), query))["policy"]
    assert (policy["serviceEndDays"], policy["resumptionDays"], policy["erasureDays"]) == (14, 14, 45)
    assert policy["description"]
