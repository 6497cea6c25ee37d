from dataclasses import replace
from datetime import date

import pytest
from tests.rules.examples import POLICY, days, policy_of

from contract_rules import Calendar, DeadlineKind, Period, Unit
from contract_rules.tables import changes, in_words, periods_of, table_of_dates

LISTED = Calendar(frozenset({6, 7}), frozenset({date(2026, 5, 4)}), holidays_until=date(2027, 1, 1))
BUSINESS = Period(Unit.BUSINESS_DAY, 3, calendar=LISTED)
FIRST, LAST = date(2026, 5, 1), date(2026, 5, 31)


def test_a_policys_dates_are_listed_day_by_day() -> None:
    lines = list(table_of_dates("applied on", periods_of(POLICY), date(2024, 2, 29), date(2024, 3, 1)))
    assert lines == [
        "applied on      service end     resumption      erasure",
        "2024-02-29 Thu  2024-03-14 Thu  2024-03-14 Thu  2024-04-14 Sun",
        "2024-03-01 Fri  2024-03-15 Fri  2024-03-15 Fri  2024-04-15 Mon",
    ]


def test_a_year_has_a_line_for_each_of_its_days() -> None:
    assert len(list(table_of_dates("event", {"last day": BUSINESS}, date(2026, 1, 1), date(2026, 12, 31)))) == 367
    assert list(table_of_dates("event", {"last day": BUSINESS}, LAST, FIRST)) == ["event           last day"]


def test_what_cannot_be_computed_is_said_once_with_its_reason() -> None:
    lines = list(table_of_dates("event", {"last day": BUSINESS}, date(2026, 12, 28), date(2026, 12, 30)))
    assert lines[1:3] == ["2026-12-28 Mon  2026-12-31 Thu", "2026-12-29 Tue  -"]
    assert lines[-1].startswith("- cannot be computed: whether 2027-01-01 is a holiday is not known")
    assert len(lines) == 5


def test_the_same_policy_changes_nothing() -> None:
    assert list(changes(POLICY, POLICY, FIRST, LAST)) == []


def test_one_change_stands_for_all_dates_that_move_alike() -> None:
    later = replace(POLICY, version="2", erasure=days(60))
    (change,) = changes(POLICY, later, FIRST, LAST)
    assert (change.kind, change.first, change.last) == (DeadlineKind.ERASURE, FIRST, LAST)
    assert in_words(change) == (
        "erasure: applied from 2026-05-01 to 2026-05-31: 15 days later (2026-06-15 -> 2026-06-30)"
    )
    (back,) = changes(later, POLICY, FIRST, FIRST)
    assert in_words(back) == "erasure: applied on 2026-05-01: 15 days earlier (2026-06-30 -> 2026-06-15)"


def test_only_the_dates_that_move_are_named() -> None:
    without = replace(BUSINESS, calendar=Calendar(weekend=frozenset({6, 7})))
    before, after = (policy_of(period, days(1), days(45)) for period in (without, BUSINESS))
    assert [in_words(change) for change in changes(before, after, date(2026, 4, 27), LAST)] == [
        "service end: applied from 2026-04-29 to 2026-05-03: 1 day later (2026-05-04 -> 2026-05-05)",
    ]


@pytest.mark.parametrize("swap", [False, True])
def test_a_deadline_that_only_one_of_the_two_can_compute_is_a_change(swap: bool) -> None:
    policies = [policy_of(days(3), days(1), days(45)), policy_of(BUSINESS, days(1), days(45))]
    before, after = reversed(policies) if swap else policies
    (*_, change) = changes(before, after, date(2026, 12, 25), date(2027, 1, 2))
    dates = "- -> 2027-01-01" if swap else "2027-01-01 -> -"
    assert in_words(change) == (
        f"service end: applied from 2026-12-29 to 2027-01-02: cannot be computed under one of the two ({dates})"
    )


def test_a_deadline_that_neither_can_compute_is_no_change() -> None:
    policy = policy_of(BUSINESS, days(1), days(45))
    assert list(changes(policy, replace(policy, version="2"), date(2026, 12, 29), date(2027, 1, 2))) == []
