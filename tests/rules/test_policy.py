import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.rules.examples import (
    APPLIED,
    APPLIED_ON,
    ERASURE,
    POLICIES,
    POLICY,
    SERVICE_END,
    TICK,
    TOKYO,
    at,
    days,
    policy_of,
)

from contract_rules import (
    Action,
    Actor,
    Align,
    Calendar,
    DateOutOfRange,
    Deadline,
    DeadlineKind,
    Direction,
    FirstDay,
    Granted,
    HolidaysUnknown,
    Language,
    MonthRule,
    Period,
    Policy,
    PolicyError,
    PolicyNotFound,
    PolicyRegistry,
    Reason,
    Refused,
    Roll,
    Timeline,
    Unit,
    decide,
    explain_deadline,
    new_contract,
    parse_period,
    parse_policy,
    shipped_policies,
)
from contract_rules.policy.toml import policy_from_mapping

SHIPPED = (resources.files("contract_rules") / "policies" / "omakase-login-1.0.toml").read_text(encoding="utf-8")
WEEKEND = Calendar(weekend=frozenset({6, 7}))


def months(count: int, rule: MonthRule = MonthRule.EVENT_BASED) -> Period:
    """So many months."""
    return Period(Unit.MONTH, count, month_rule=rule)


# ---------------------------------------------------------------- what is promised


@pytest.mark.parametrize("wall", ["00:00:00", "00:00:00.000001", "09:30", "23:59:59.999999"])
def test_an_application_at_any_time_of_its_date_is_promised_the_same_dates(wall: str) -> None:
    assert POLICY.timeline(at(f"2024-03-01T{wall}")) == Timeline(
        requested_on=date(2024, 3, 1),
        policy_name="omakase-login",
        policy_version="1.0",
        zone=TOKYO,
        service_end=Deadline(date(2024, 3, 15), SERVICE_END),
        resumption=Deadline(date(2024, 3, 15), SERVICE_END),
        erasure=Deadline(date(2024, 4, 15), ERASURE),
    )


def test_the_date_of_application_is_the_policys_zones() -> None:
    assert POLICY.timeline(datetime(2024, 2, 29, 15, tzinfo=UTC)).requested_on == date(2024, 3, 1)
    assert POLICY.timeline(datetime(2024, 2, 29, 15, tzinfo=UTC) - TICK).requested_on == date(2024, 2, 29)
    assert POLICY.local_date(datetime(2024, 2, 29, 15, tzinfo=UTC)) == date(2024, 3, 1)


def test_a_preview_for_a_day_shows_what_an_application_on_it_is_promised() -> None:
    assert POLICY.timeline_on(APPLIED_ON) == POLICY.timeline(APPLIED)


def test_deadlines_are_written_in_the_policys_zone() -> None:
    timeline = POLICY.timeline(datetime(2024, 3, 1, tzinfo=UTC))
    assert timeline.erasure.at.isoformat() == "2024-04-16T00:00:00+09:00"


def test_each_kind_of_deadline_has_its_own_rule_and_date() -> None:
    policy = policy_of(days(20), days(10), days(30))
    timeline = policy.timeline_on(date(2024, 3, 1))
    assert {kind: policy.period(kind).count for kind in DeadlineKind} == {
        DeadlineKind.SERVICE_END: 20,
        DeadlineKind.RESUMPTION: 10,
        DeadlineKind.ERASURE: 30,
    }
    assert {kind: timeline.deadline(kind).last_day.day for kind in DeadlineKind} == {
        DeadlineKind.SERVICE_END: 21,
        DeadlineKind.RESUMPTION: 11,
        DeadlineKind.ERASURE: 31,
    }
    assert (timeline.policy_name, timeline.policy_version, timeline.zone) == ("terms", "test", TOKYO)


def test_a_policy_may_let_midnight_count_its_own_day() -> None:
    policy = policy_of(days(14, FirstDay.EXCLUDE_UNLESS_MIDNIGHT), days(14), days(45))
    midnight = policy.timeline(at("2024-03-01T00:00"))
    assert midnight.service_end.last_day == date(2024, 3, 14)
    assert midnight.resumption.last_day == date(2024, 3, 15)
    assert policy.timeline(at("2024-03-01T00:00") + TICK).service_end.last_day == date(2024, 3, 15)
    assert policy.timeline_on(date(2024, 3, 1)).service_end.last_day == date(2024, 3, 15)


def test_policies_of_one_name_and_version_but_other_terms_promise_their_own_dates() -> None:
    short, long = policy_of(days(1), days(1), days(45)), policy_of(days(2), days(2), days(45))
    assert hash(short) == hash(long)
    assert short.timeline(APPLIED) != long.timeline(APPLIED)


def test_an_instant_without_offset_is_the_callers_mistake() -> None:
    naive = datetime(2024, 3, 1, 9, 30)  # noqa: DTZ001  # the mistake
    for ask in (POLICY.timeline, POLICY.local_date, POLICY.can_count_from, POLICIES.in_force_at):
        with pytest.raises(
            ValueError, match=r"^2024-03-01T09:30:00 has no UTC offset: write one, as in 2024-03-01T09:30:00\+09:00$"
        ):
            ask(naive)


@pytest.mark.parametrize(
    ("ask", "instead"),
    [
        (POLICY.timeline_on, "ask timeline for"),
        (POLICY.in_force_on, "ask local_date for"),
        (POLICIES.in_force, "ask in_force_at for"),
        (POLICY.timeline(APPLIED).erasure.days_left, "give today's date in"),
    ],
)
def test_an_instant_is_no_date(ask: Callable[[date], object], instead: str) -> None:
    with pytest.raises(ValueError, match=f"^2024-03-01T.* is not a date: {instead}"):
        ask(APPLIED)


# ---------------------------------------------------------------- deadlines


class Day(date):
    """A date of another library."""


class Instant(datetime):
    """An instant of another library."""


@pytest.mark.parametrize(
    ("now", "passed"),
    [
        (SERVICE_END - TICK, False),
        (SERVICE_END, True),
        (SERVICE_END + TICK, True),
        ((SERVICE_END - TICK).astimezone(UTC), False),
        (SERVICE_END.astimezone(UTC), True),
        (date(2024, 3, 15), False),
        (date(2024, 3, 16), True),
        (Day(2024, 3, 15), False),
        (Day(2024, 3, 16), True),
        (Instant(2024, 3, 15, 14, 59, 59, 999_999, UTC), False),
        (Instant(2024, 3, 15, 15, tzinfo=UTC), True),
    ],
)
def test_a_deadline_has_passed_from_its_instant_on(now: date, passed: bool) -> None:
    assert Deadline(date(2024, 3, 15), SERVICE_END).passed(now) is passed


def test_no_deadline_says_whether_it_has_passed_to_a_wall_time() -> None:
    with pytest.raises(
        ValueError, match=r"^2024-03-15T00:00:00 has no UTC offset: write one, as in 2024-03-15T00:00:00\+09:00$"
    ):
        Deadline(date(2024, 3, 15), SERVICE_END).passed(datetime(2024, 3, 15))  # noqa: DTZ001  # the mistake


@pytest.mark.parametrize(("today", "left"), [("2024-03-01", 14), ("2024-03-15", 0), ("2024-03-16", -1)])
def test_days_left_are_counted_to_the_last_day(today: str, left: int) -> None:
    assert Deadline(date(2024, 3, 15), SERVICE_END).days_left(date.fromisoformat(today)) == left


def test_a_deadline_is_the_same_in_whatever_zone_its_instant_was_stored() -> None:
    stored = Deadline(date(2024, 3, 15), SERVICE_END.astimezone(UTC))
    assert stored == Deadline.of_last_day(date(2024, 3, 15), TOKYO)
    assert hash(stored) == hash(Deadline.of_last_day(date(2024, 3, 15), TOKYO))
    assert stored.at.tzinfo is UTC
    assert stored != Deadline.of_last_day(date(2024, 3, 15), ZoneInfo("Asia/Taipei"))


def test_a_deadline_in_a_doubled_hour_passes_once() -> None:
    """Two instants of one zone compare by their wall time; a deadline must not."""
    st_johns = ZoneInfo("America/St_Johns")  # at 00:01 its clocks went back to 23:01
    deadline = Deadline.of_last_day(date(2010, 11, 6), st_johns)
    assert deadline.at == datetime(2010, 11, 7, fold=1, tzinfo=st_johns)
    assert not deadline.passed(datetime(2010, 11, 7, 0, 0, 30, fold=0, tzinfo=st_johns))
    assert deadline.passed(datetime(2010, 11, 7, fold=1, tzinfo=st_johns))


def test_a_deadline_needs_an_instant() -> None:
    with pytest.raises(
        ValueError, match=r"^2024-03-16T00:00:00 has no UTC offset: write one, as in 2024-03-16T00:00:00\+09:00$"
    ):
        Deadline(date(2024, 3, 15), datetime(2024, 3, 16))  # noqa: DTZ001  # the mistake
    with pytest.raises(
        DateOutOfRange,
        match=(
            r"^9999-12-31T23:00:00-05:00 lies outside the years 1 to 9999 in UTC: choose an instant that lies "
            r"nearer to the present$"
        ),
    ):
        Deadline(date(9999, 12, 31), datetime(9999, 12, 31, 23, tzinfo=ZoneInfo("Etc/GMT+5")))


# ---------------------------------------------------------------- the ends of the calendar


def test_the_horizon_is_the_last_date_whose_deadlines_the_calendar_has() -> None:
    assert date(9999, 12, 30) - timedelta(days=45) == POLICY.horizon
    assert POLICY.timeline_on(POLICY.horizon).erasure.last_day == date(9999, 12, 30)
    with pytest.raises(
        DateOutOfRange, match=r"^the instant after 9999-12-31 lies outside the years 1 to 9999: choose an earlier day$"
    ):
        POLICY.timeline_on(POLICY.horizon + timedelta(days=1))


@pytest.mark.parametrize(
    ("now", "countable"),
    [
        (date(2024, 3, 1), True),
        (date(1, 1, 1), True),
        (date(9999, 11, 15), True),
        (date(9999, 11, 16), False),
        (at("9999-11-15T23:59:59.999999"), True),
        (at("9999-11-16T00:00"), False),
        (datetime(9999, 11, 15, 15, tzinfo=UTC), False),
        (datetime(9999, 12, 31, 23, tzinfo=UTC), False),
        (datetime(1, 1, 1, tzinfo=UTC), True),
        (datetime(1, 1, 1, tzinfo=ZoneInfo("Etc/GMT-14")), False),
    ],
)
def test_an_application_is_possible_while_its_deadlines_can_be_expressed(now: date, countable: bool) -> None:
    assert POLICY.can_count_from(now) is countable


@pytest.mark.parametrize("day", [date(9999, 11, 16), date.max])
def test_dates_that_cannot_be_computed_are_said_to_be_so(day: date) -> None:
    with pytest.raises(DateOutOfRange):
        POLICY.timeline_on(day)


def test_a_policy_counts_from_the_first_date_of_the_calendar() -> None:
    assert POLICY.timeline_on(date.min).erasure.last_day == date(1, 2, 15)


@pytest.mark.parametrize(
    "instant",
    [
        datetime(9999, 12, 31, 23, 59, tzinfo=ZoneInfo("Etc/GMT+12")),
        datetime(1, 1, 1, tzinfo=ZoneInfo("Etc/GMT-14")),
    ],
)
def test_instants_that_have_no_local_date_are_said_to_be_so(instant: datetime) -> None:
    with pytest.raises(DateOutOfRange, match=r"in Asia/Tokyo: choose an instant that lies nearer to the present$"):
        POLICY.timeline(instant)


LISTED = Calendar(frozenset({6, 7}), frozenset({date(2026, 5, 4)}), holidays_until=date(2029, 1, 1))
WITH_HOLIDAYS = policy_of(days(14), days(14), Period(Unit.BUSINESS_DAY, 60, calendar=LISTED))


@pytest.mark.parametrize(
    ("now", "countable"),
    [
        (date(2025, 12, 30), False),
        (date(2025, 12, 31), True),
        (at("2025-12-31T00:00"), True),
        (at("2025-12-31T00:00") - TICK, False),
        (date(2027, 6, 1), True),
        (WITH_HOLIDAYS.horizon, True),
        (WITH_HOLIDAYS.horizon + timedelta(days=1), False),
        (date(2030, 1, 1), False),
    ],
)
def test_an_application_is_possible_while_its_holidays_are_listed(now: date, countable: bool) -> None:
    assert WITH_HOLIDAYS.can_count_from(now) is countable
    decision = decide(WITH_HOLIDAYS, new_contract(), Action.TERMINATE, Actor.CONTRACTOR, _instant(now))
    assert isinstance(decision, Granted) is countable
    assert countable or (isinstance(decision, Refused) and decision.reason is Reason.DATE_OUT_OF_RANGE)


def _instant(now: date) -> datetime:
    return now if isinstance(now, datetime) else datetime.combine(now, time(12), TOKYO)


def test_the_dates_of_application_are_those_whose_holidays_are_listed() -> None:
    assert (WITH_HOLIDAYS.earliest, WITH_HOLIDAYS.horizon) == (date(2025, 12, 31), date(2028, 10, 8))
    assert WITH_HOLIDAYS.timeline_on(WITH_HOLIDAYS.horizon).erasure.last_day == date(2028, 12, 29)
    with pytest.raises(
        HolidaysUnknown,
        match=(
            r"^whether 2029-01-01 is a holiday is not known: the holidays are listed from 2026-01-01 until "
            r"2029-01-01: add those of 2029, and move holidays_until$"
        ),
    ):
        WITH_HOLIDAYS.timeline_on(WITH_HOLIDAYS.horizon + timedelta(days=1))
    with pytest.raises(
        HolidaysUnknown,
        match=(
            r"^whether 2025-12-31 is a holiday is not known: the holidays are listed from 2026-01-01 until "
            r"2029-01-01: add those of 2025, and move holidays_until$"
        ),
    ):
        WITH_HOLIDAYS.timeline_on(WITH_HOLIDAYS.earliest - timedelta(days=1))


def test_an_application_at_midnight_needs_the_holidays_of_its_own_day() -> None:
    midnight = Period(Unit.BUSINESS_DAY, 60, FirstDay.EXCLUDE_UNLESS_MIDNIGHT, calendar=LISTED)
    assert policy_of(days(14), days(14), midnight).earliest == date(2026, 1, 1)


def test_a_cutoff_in_the_first_month_of_the_calendar_is_before_the_calendar() -> None:
    month = Period(Unit.MONTH, 1, month_rule=MonthRule.EVENT_BASED, align=Align.MONTH, cutoff=15)
    assert policy_of(days(1), days(1), replace(month, count=2)).earliest == date(1, 1, 16)


# ---------------------------------------------------------------- what no policy is


@pytest.mark.parametrize(
    ("service_end", "resumption", "erasure", "message"),
    [
        (
            days(45),
            days(14),
            days(44),
            (
                "erasure: applied on 2000-01-01, data would be kept until 2000-02-14 and the service would run "
                "until 2000-02-15: write an erasure that is never earlier than service_end"
            ),
        ),
        (
            days(14),
            days(46),
            days(45),
            (
                "erasure: applied on 2000-01-01, data would be kept until 2000-02-15 and the contract could be "
                "resumed until 2000-02-16: write an erasure that is never earlier than resumption"
            ),
        ),
        (
            months(2),
            days(14),
            days(60),
            (
                "erasure: applied on 2000-03-01, data would be kept until 2000-04-30 and the service would run "
                "until 2000-05-01: write an erasure that is never earlier than service_end"
            ),
        ),
        (
            days(14),
            months(1),
            days(30),
            (
                "erasure: applied on 2000-01-01, data would be kept until 2000-01-31 and the contract could be "
                "resumed until 2000-02-01: write an erasure that is never earlier than resumption"
            ),
        ),
        (
            Period(Unit.BUSINESS_DAY, 1, calendar=WEEKEND),
            days(1),
            days(2),
            (
                "erasure: applied on 2000-01-07, data would be kept until 2000-01-09 and the service would run "
                "until 2000-01-10: write an erasure that is never earlier than service_end"
            ),
        ),
        (
            days(14, FirstDay.EXCLUDE_UNLESS_MIDNIGHT),
            days(13),
            days(14, FirstDay.INCLUDE),
            (
                "erasure: applied on 2000-01-01, data would be kept until 2000-01-14 and the service would run "
                "until 2000-01-15: write an erasure that is never earlier than service_end"
            ),
        ),
        (
            days(14),
            days(14),
            days(14, FirstDay.EXCLUDE_UNLESS_MIDNIGHT),
            (
                "erasure: applied on 2000-01-01, data would be kept until 2000-01-14 and the service would run "
                "until 2000-01-15: write an erasure that is never earlier than service_end"
            ),
        ),
        (
            months(2),
            months(2),
            months(1),
            (
                "erasure: applied on 2000-01-01, data would be kept until 2000-02-01 and the service would run "
                "until 2000-03-01: write an erasure that is never earlier than service_end"
            ),
        ),
    ],
)
def test_data_is_never_erased_before_the_service_ends_or_while_it_can_be_resumed(
    service_end: Period, resumption: Period, erasure: Period, message: str
) -> None:
    with pytest.raises(PolicyError, match=f"^{re.escape(message)}$"):
        policy_of(service_end, resumption, erasure)


@pytest.mark.parametrize(
    ("service_end", "resumption", "erasure"),
    [
        (days(14), days(14), days(14)),
        (days(14), days(30), days(30)),
        (days(14), days(7), days(14)),
        (months(1), months(1), days(31)),
        (months(1), months(1), months(1)),
        (months(1), months(1), months(2)),
        (days(14), days(14), days(14, FirstDay.EXCLUDE)),
        (days(14, FirstDay.EXCLUDE_UNLESS_MIDNIGHT), days(14), days(14)),
        (days(14), days(14), Period(Unit.DAY, 14, calendar=WEEKEND, roll=Roll.FORWARD)),
    ],
)
def test_deadlines_may_coincide(service_end: Period, resumption: Period, erasure: Period) -> None:
    policy = policy_of(service_end, resumption, erasure)
    timeline = policy.timeline(APPLIED)
    assert timeline.erasure.last_day >= max(timeline.service_end.last_day, timeline.resumption.last_day)


def test_a_deadline_comes_after_the_application() -> None:
    backward = Period(Unit.DAY, 1, direction=Direction.BACKWARD)
    with pytest.raises(
        PolicyError, match=r"^service_end: its last day lies before the application: write direction forward$"
    ):
        policy_of(backward, days(14), days(45))


def test_a_deadline_does_not_roll_back_to_before_the_application() -> None:
    rolled = Period(Unit.DAY, 1, FirstDay.INCLUDE, roll=Roll.BACKWARD, calendar=WEEKEND)
    message = (
        r"^service_end: applied on 2000-01-01, the service would run until 1999-12-31: "
        r"write a last day that is never earlier than the application$"
    )
    with pytest.raises(PolicyError, match=message):
        policy_of(rolled, days(14), days(45))


def test_holidays_may_be_listed_for_applications_of_twenty_years() -> None:
    listed = Calendar(frozenset({7}), frozenset({date(2000, 5, 4)}), holidays_until=date(2020, 1, 1))
    policy = policy_of(days(14), days(14), Period(Unit.BUSINESS_DAY, 60, calendar=listed))
    assert policy.horizon.year - policy.earliest.year == 20


def test_a_day_that_counts_itself_can_be_the_last_but_one_of_the_calendar() -> None:
    today = days(1, FirstDay.INCLUDE)
    assert policy_of(today, today, today).horizon == date(9999, 12, 30)


@pytest.mark.parametrize("count", [21, 8_000, 10_000])
def test_periods_of_more_than_twenty_years_are_no_terms(count: int) -> None:
    with pytest.raises(PolicyError, match=r"^erasure: the period lasts more than 20 years: write less$"):
        policy_of(days(14), days(14), Period(Unit.YEAR, count, month_rule=MonthRule.EVENT_BASED))


def test_a_period_of_twenty_years_is() -> None:
    assert policy_of(days(14), days(14), Period(Unit.YEAR, 20, month_rule=MonthRule.EVENT_BASED)).horizon.year == 9979


@pytest.mark.parametrize("until", [date(2024, 1, 1), date(2023, 12, 31)])
def test_a_policy_is_valid_for_a_day_at_least(until: date) -> None:
    with pytest.raises(PolicyError, match=r"valid_until: .* write a date after valid_from, 2024-01-01"):
        policy_of(days(1), days(1), days(1), valid_from=date(2024, 1, 1), valid_until=until)


@pytest.mark.parametrize(("name", "version", "key"), [("", "1.0", "name"), ("terms", " ", "version")])
def test_a_policy_can_be_found_again(name: str, version: str, key: str) -> None:
    with pytest.raises(PolicyError, match=f"{key} is empty: write the text"):
        Policy(name, version, TOKYO, days(14), days(14), days(45))


# ---------------------------------------------------------------- files


def test_the_shipped_policy_is_the_manuals() -> None:
    assert parse_policy(SHIPPED) == Policy("omakase-login", "1.0", TOKYO, days(14), days(14), days(45))


def test_a_policy_file_may_say_everything() -> None:
    policy = parse_policy(
        """
        name = "terms"
        version = "2025-04"
        zone = "Europe/Berlin"
        valid_from = 2025-04-01
        valid_until = 2026-04-01
        service_end = { unit = "month", count = 1, month_rule = "start_based" }
        erasure = { unit = "week", count = 8, clear_days = true }
        [resumption]
        unit = "business_day"
        count = 10
        weekend = [6, 7]
        holidays = [2025-05-01]
        holidays_until = 2027-01-01
        """
    )
    calendar = Calendar(frozenset({6, 7}), frozenset({date(2025, 5, 1)}), holidays_until=date(2027, 1, 1))
    assert policy == Policy(
        name="terms",
        version="2025-04",
        zone=ZoneInfo("Europe/Berlin"),
        service_end=months(1, MonthRule.START_BASED),
        resumption=Period(Unit.BUSINESS_DAY, 10, calendar=calendar),
        erasure=Period(Unit.WEEK, 8, clear_days=True),
        valid_from=date(2025, 4, 1),
        valid_until=date(2026, 4, 1),
    )


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ('name = "omakase-login"', "", "terms.toml: name: missing: write text"),
        ('version = "1.0"', "version = 1.0", "terms.toml: version: 1.0: write text"),
        (
            'version = "1.0"',
            'version = ""',
            "terms.toml: version is empty: write the text by which applications find their terms again",
        ),
        (
            '"Asia/Tokyo"',
            '"Asia/Edo"',
            "terms.toml: zone: 'Asia/Edo': write the name of a time zone, as in Asia/Tokyo, or install tzdata",
        ),
        (
            '"Asia/Tokyo"',
            '"../Tokyo"',
            "terms.toml: zone: '../Tokyo': write the name of a time zone, as in Asia/Tokyo, or install tzdata",
        ),
        (
            '"Asia/Tokyo"',
            '"Asia"',
            "terms.toml: zone: 'Asia': write the name of a time zone, as in Asia/Tokyo, or install tzdata",
        ),
        ('zone = "Asia/Tokyo"', "", "terms.toml: zone: missing: write text"),
        ("count = 45", "count = 0", "terms.toml: erasure: count is 0: write a whole number of 1 or more"),
        (
            "count = 45",
            "counts = 45",
            (
                "terms.toml: erasure: 'counts' is not a key of a period: write one of unit, count, first_day, "
                "month_rule, direction, clear_days, event_roll, cutoff, cutoff_unit, align, align_from, roll, "
                "roll_calendar, weekend, holidays, holidays_from, holidays_until"
            ),
        ),
        (
            "count = 45",
            "count = 13",
            (
                "terms.toml: erasure: applied on 2000-01-01, data would be kept until 2000-01-14 and the service "
                "would run until 2000-01-15: write an erasure that is never earlier than service_end"
            ),
        ),
        (
            "[erasure]",
            "[erase]",
            (
                "terms.toml: erase: not a key of a policy: write one of name, version, zone, service_end, "
                "resumption, erasure, valid_from, valid_until, calendar"
            ),
        ),
        ('zone = "Asia/Tokyo"', 'zone = "Asia/Tokyo"\nerasure = 45\n[x]', "terms.toml: not TOML: "),
        (
            'version = "1.0"',
            'version = "1"\nvalid_from = "2024"',
            "terms.toml: valid_from: '2024': write a date without quotes, as in 2024-03-01",
        ),
        (
            'version = "1.0"',
            'version = "1"\nvalid_until = 2024-04-01T00:00:00',
            (
                "terms.toml: valid_until: datetime.datetime(2024, 4, 1, 0, 0): write a date without quotes, as "
                "in 2024-03-01"
            ),
        ),
        (
            'version = "1.0"',
            'version = "1"\nhorizon = 2024-04-01',
            (
                "terms.toml: horizon: not a key of a policy: write one of name, version, zone, service_end, "
                "resumption, erasure, valid_from, valid_until, calendar"
            ),
        ),
        ("=", "", "terms.toml: not TOML: "),
        ("count = 45", f"count = {'9' * 5_000}", "terms.toml: not TOML: "),
        ("count = 45", f"count = {'[' * 5_000}", "terms.toml: not TOML: "),
    ],
)
def test_an_error_names_the_file_the_key_and_what_was_expected(written: str, instead: str, message: str) -> None:
    assert written in SHIPPED
    with pytest.raises(PolicyError) as error:
        parse_policy(SHIPPED.replace(written, instead, 1) if written != "=" else SHIPPED.replace("=", ""), "terms.toml")
    assert str(error.value).startswith(message)


def test_a_period_must_be_a_table() -> None:
    with pytest.raises(
        PolicyError, match=r"^policy: service_end: 14: write a table \[service_end\] with unit and count$"
    ):
        parse_policy('name = "x"\nversion = "1"\nzone = "UTC"\nservice_end = 14')


SHARED = """
name = "terms"
version = "1"
zone = "Asia/Tokyo"
service_end = { unit = "business_day", count = 10 }
resumption = { unit = "day", count = 14 }
erasure = { unit = "day", count = 45, roll = "forward"ROLL }
[calendar]
weekend = [6, 7]
holidays = [2026-05-04]
holidays_until = 2029-01-01
"""


def test_a_calendar_is_shared_by_the_periods_that_ask_for_closed_days() -> None:
    policy = parse_policy(SHARED.replace("ROLL", ""))
    assert policy.service_end.calendar == policy.erasure.calendar == LISTED
    assert policy.resumption == days(14)


@pytest.mark.parametrize(
    "own", [", weekend = [7]", ", weekend = [7], holidays = [2026-05-05], holidays_until = 2029-01-01"]
)
def test_a_period_with_a_calendar_of_its_own_takes_nothing_of_the_shared_one(own: str) -> None:
    policy = parse_policy(SHARED.replace("ROLL", own))
    assert policy.erasure.calendar.weekend == {7}
    assert date(2026, 5, 4) not in policy.erasure.calendar.holidays


def test_a_period_may_roll_by_another_calendar_than_the_shared_one() -> None:
    policy = parse_policy(SHARED.replace("ROLL", ", roll_calendar = { weekend = [7] }"))
    assert policy.erasure == Period(Unit.DAY, 45, roll=Roll.FORWARD, roll_calendar=Calendar(weekend=frozenset({7})))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"{SHIPPED}\n[calendar]\nweekend = [6, 7]",
            ("policy: calendar: no period counts or moves by it: write a business_day or a roll, or leave it out"),
        ),
        (
            f"{SHIPPED}\n[calendar]\nopen = [6, 7]",
            (
                "policy: calendar: 'open' is not a key of a calendar: write one of weekend, holidays, "
                "holidays_from, holidays_until"
            ),
        ),
        (
            f"calendar = [6, 7]\n{SHIPPED}",
            "policy: calendar: [6, 7] is not a calendar: write a table with weekend, holidays, holidays_until",
        ),
        (
            SHARED.replace("ROLL", "").replace("holidays_until = 2029-01-01", ""),
            (
                "policy: calendar: holidays do not say until when they are complete: write holidays_until, the "
                "first date whose holidays are not listed, as in 2027-01-01"
            ),
        ),
    ],
)
def test_a_shared_calendar_that_cannot_be_meant_is_refused(text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=f"^{re.escape(message)}$"):
        parse_policy(text)


def test_a_period_alone_is_read_with_its_zone() -> None:
    period, zone = parse_period('zone = "Europe/Berlin"\nunit = "day"\ncount = 14\nroll = "forward"\nweekend = [7]')
    assert zone == ZoneInfo("Europe/Berlin")
    assert period == Period(Unit.DAY, 14, roll=Roll.FORWARD, calendar=Calendar(weekend=frozenset({7})))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('unit = "day"\ncount = 14', "notice.toml: zone: missing: write text"),
        (
            'zone = "UTC"\nunit = "day"',
            "notice.toml: count is missing: write what is counted as unit and how many as count",
        ),
        (
            'zone = "UTC"\nname = "notice"\nunit = "day"\ncount = 14',
            (
                "notice.toml: 'name' is not a key of a period: write one of unit, count, first_day, month_rule, "
                "direction, clear_days, event_roll, cutoff, cutoff_unit, align, align_from, roll, roll_calendar, "
                "weekend, holidays, holidays_from, holidays_until"
            ),
        ),
        ("zone", "notice.toml: not TOML: "),
    ],
)
def test_what_is_no_period_with_a_zone_is_refused(text: str, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        parse_period(text, source="notice.toml")
    assert str(error.value).startswith(message)


def test_without_a_source_an_error_names_what_it_reads() -> None:
    with pytest.raises(PolicyError, match=r"^period: zone: missing: write text$"):
        parse_period('unit = "day"')
    with pytest.raises(PolicyError, match=r"^policy: name: missing: write text$"):
        parse_policy('version = "1"')
    assert policy_from_mapping(POLICY.terms).source == "policy"


# ---------------------------------------------------------------- the registry

OLD = policy_of(days(14), days(14), days(45), version="old", valid_until=date(2025, 4, 1))
NEW = policy_of(days(30), days(7), days(60), version="new", valid_from=date(2025, 4, 1))


def test_the_shipped_policy_is_in_force_on_all_dates() -> None:
    for day in (date.min, APPLIED_ON, date.max):
        assert shipped_policies().in_force(day) is POLICY
    assert shipped_policies().in_force_at(APPLIED) is POLICY
    assert list(shipped_policies()) == [POLICY]


@pytest.mark.parametrize(("day", "version"), [("2025-03-31", "old"), ("2025-04-01", "new"), ("0001-01-01", "old")])
def test_terms_change_from_one_day_to_the_next(day: str, version: str) -> None:
    assert PolicyRegistry([NEW, OLD]).in_force(date.fromisoformat(day)).version == version


def test_terms_change_at_the_policys_own_midnight() -> None:
    policies = PolicyRegistry([OLD, NEW])
    assert policies.in_force_at(at("2025-04-01T00:00") - TICK) is OLD
    assert policies.in_force_at(at("2025-04-01T00:00").astimezone(UTC)) is NEW


def test_policies_are_listed_in_the_order_of_their_validity() -> None:
    policies = PolicyRegistry([NEW, OLD])
    assert list(policies) == [OLD, NEW]
    assert len(policies) == 2


def test_an_old_version_is_found_by_name_and_by_the_dates_it_promised() -> None:
    policies = PolicyRegistry([OLD, NEW])
    assert policies.version("terms", "old") is OLD
    assert policies.of(OLD.timeline(APPLIED)) is OLD


def product(name: str, count: int, version: str = "1") -> Policy:
    """The terms of one of several products."""
    return replace(policy_of(days(count), days(count), days(45), version=version), name=name)


LOGIN, BILLING = product("login", 14), product("billing", 30)


def test_a_registry_holds_two_products_whose_versions_have_the_same_numbers() -> None:
    policies = PolicyRegistry([LOGIN, BILLING])
    for policy in (LOGIN, BILLING):
        assert policies.in_force(APPLIED_ON, policy.name) is policy
        assert policies.in_force_at(APPLIED, policy.name) is policy
        assert policies.version(policy.name, "1") is policy
        assert policies.of(policy.timeline(APPLIED)) is policy
    assert list(policies) == [BILLING, LOGIN]


@pytest.mark.parametrize(("mine", "other"), [(LOGIN, BILLING), (BILLING, LOGIN)], ids=["login", "billing"])
def test_one_products_dates_are_never_explained_by_anothers_rules(mine: Policy, other: Policy) -> None:
    policies, timeline = PolicyRegistry([LOGIN, BILLING]), mine.timeline(APPLIED)
    explained = explain_deadline(DeadlineKind.SERVICE_END, timeline, policies, Language.EN)
    assert f"day {mine.service_end.count}, counting" in explained
    with pytest.raises(ValueError, match=f"promised by {mine.name} 1 in Asia/Tokyo, not by {other.name} 1 in"):
        explain_deadline(DeadlineKind.SERVICE_END, timeline, other, Language.EN)
    with pytest.raises(PolicyNotFound, match=f"no policy {mine.name} of version 1"):
        explain_deadline(DeadlineKind.SERVICE_END, timeline, PolicyRegistry([other]), Language.EN)


def test_a_version_that_counts_in_another_zone_now_explains_no_date_of_before() -> None:
    moved = replace(LOGIN, zone=ZoneInfo("Asia/Taipei"))
    with pytest.raises(
        ValueError,
        match=(
            r"^these dates were promised by login 1 in Asia/Tokyo, not by login 1 in Asia/Taipei: give the "
            r"registry, or its `of\(timeline\)`$"
        ),
    ):
        explain_deadline(DeadlineKind.ERASURE, LOGIN.timeline(APPLIED), moved, Language.JA)


def test_among_several_products_one_has_to_be_named() -> None:
    policies = PolicyRegistry([LOGIN, BILLING])
    with pytest.raises(ValueError, match=r"^the registry holds billing, login: give the name of one$"):
        policies.in_force(APPLIED_ON)
    with pytest.raises(ValueError, match=r"^the registry holds billing, login: give the name of one$"):
        policies.in_force_at(APPLIED)
    with pytest.raises(PolicyNotFound, match=r"^no policy mail: the registry holds billing, login$"):
        policies.in_force(APPLIED_ON, "mail")


def test_the_versions_of_each_product_follow_one_another() -> None:
    change = date(2025, 4, 1)
    first = replace(LOGIN, valid_until=change)
    second = replace(product("login", 7, "2"), valid_from=change)
    policies = PolicyRegistry([second, BILLING, first])
    assert list(policies) == [BILLING, first, second]
    assert policies.in_force(date(2025, 3, 31), "login") is first
    assert policies.in_force(change, "login") is second
    with pytest.raises(
        PolicyError,
        match=(
            r"^valid_until: login 1 is still in force when login 2 begins: end it with the other's "
            r"valid_from, 2025-04-01$"
        ),
    ):
        PolicyRegistry([LOGIN, second, BILLING])


def test_what_is_not_in_the_registry_is_said_to_be_so() -> None:
    between = policy_of(days(1), days(1), days(1), valid_from=date(2024, 1, 1), valid_until=date(2024, 2, 1))
    policies = PolicyRegistry([between])
    with pytest.raises(PolicyNotFound, match=r"^no policy is in force on 2024-02-01$"):
        policies.in_force(date(2024, 2, 1))
    with pytest.raises(PolicyNotFound, match=r"^no policy is in force at 2023-12-31T23:59:00\+09:00$"):
        policies.in_force_at(at("2023-12-31T23:59"))
    with pytest.raises(PolicyNotFound, match=r"^no policy other of version test$"):
        policies.version("other", "test")
    with pytest.raises(PolicyNotFound, match=r"^no policy terms of version other$"):
        policies.version("terms", "other")
    with pytest.raises(PolicyNotFound, match=r"^no policy omakase-login of version 1\.0$"):
        policies.of(POLICY.timeline(APPLIED))


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ([], "a registry needs a policy: write at least one"),
        ([OLD, OLD], "version: policy and policy both say terms old: give each its own"),
        (
            [policy_of(days(1), days(1), days(1)), NEW],
            (
                "valid_until: terms test is still in force when terms new begins: end it with the other's "
                "valid_from, 2025-04-01"
            ),
        ),
        (
            [OLD, policy_of(days(1), days(1), days(1))],
            (
                "valid_until: terms old is still in force when terms test begins: end it with the other's "
                "valid_from, 0001-01-01"
            ),
        ),
        (
            [OLD, policy_of(days(1), days(1), days(1), valid_from=date(2025, 3, 31))],
            (
                "valid_until: terms old is still in force when terms test begins: end it with the other's "
                "valid_from, 2025-03-31"
            ),
        ),
    ],
)
def test_two_policies_never_govern_the_same_date(policies: list[Policy], message: str) -> None:
    with pytest.raises(PolicyError, match=f"^{re.escape(message)}$"):
        PolicyRegistry(policies)


def test_a_folder_of_files_is_a_registry(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("no policy", encoding="utf-8")
    (tmp_path / "b.toml").write_text(SHIPPED + "\n", encoding="utf-8")
    (tmp_path / "a.toml").write_text(
        SHIPPED.replace('version = "1.0"', 'version = "0.9"\nvalid_until = 2024-03-01'), encoding="utf-8"
    )
    with pytest.raises(
        PolicyError,
        match=(
            r"^valid_until: omakase-login 0\.9 is still in force when omakase-login 1\.0 begins: end it with "
            r"the other's valid_from, 0001-01-01$"
        ),
    ):
        PolicyRegistry.from_folder(tmp_path)
    later = SHIPPED.replace('version = "1.0"', 'version = "1.0"\nvalid_from = 2024-03-01')
    (tmp_path / "b.toml").write_text(later, encoding="utf-8")
    assert [policy.version for policy in PolicyRegistry.from_folder(tmp_path)] == ["0.9", "1.0"]


def test_two_files_of_one_version_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(SHIPPED, encoding="utf-8")
    (tmp_path / "b.toml").write_text(SHIPPED.replace("count = 45", "count = 60"), encoding="utf-8")
    with pytest.raises(
        PolicyError, match=r"^version: a\.toml and b\.toml both say omakase-login 1\.0: give each its own$"
    ):
        PolicyRegistry.from_folder(tmp_path)


def test_a_policy_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(SHIPPED, encoding="utf-8-sig")
    assert len(PolicyRegistry.from_folder(tmp_path)) == 1


def test_a_file_that_is_no_text_is_no_policy(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(SHIPPED, encoding="utf-16")
    with pytest.raises(PolicyError, match=r"^a\.toml: not UTF-8 text$"):
        PolicyRegistry.from_folder(tmp_path)


def test_the_first_file_that_is_no_policy_is_named(tmp_path: Path) -> None:
    for name in ("b.toml", "a.toml", "c.toml"):
        (tmp_path / name).write_text("", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"^a\.toml: name: missing: write text$"):
        PolicyRegistry.from_folder(tmp_path)
