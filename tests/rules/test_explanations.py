import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.rules.examples import (
    ACTIVE,
    APPLIED,
    ENDED,
    ERASED,
    ERASURE,
    HELD,
    POLICIES,
    POLICY,
    SERVICE_END,
    TERMINATED,
    TOKYO,
    at,
    days,
    policy_of,
)

from contract_rules import (
    PERMITTED,
    Action,
    Actor,
    Align,
    Calendar,
    Deadline,
    DeadlineKind,
    Direction,
    Facts,
    FirstDay,
    Language,
    MonthRule,
    Period,
    PolicyNotFound,
    PolicyRegistry,
    Reason,
    Refused,
    Roll,
    Timeline,
    Unit,
    date_in_words,
    decide,
    describe_period,
    describe_policy,
    explain_deadline,
    explain_period,
    explain_refusal,
)

JA, EN = Language
CONTRACTOR, OPERATOR, SYSTEM = Actor
TIMELINE = POLICY.timeline(APPLIED)
AGAIN_JA = "ふたたびご利用になる場合は、新規にお申し込みください。"
AGAIN_EN = "To use the service again, please apply for a new contract."
DAY_14_JA = "申請日である2024年3月1日（金）の翌日を1日目として14日目にあたる2024年3月15日（金）23時59分（日本時間）"
DAY_45_JA = "申請日である2024年3月1日（金）の翌日を1日目として45日目にあたる2024年4月15日（月）23時59分（日本時間）"
ACCEPTED_EN = "The application to end this contract has already been accepted."
DAY_14_EN = (
    "23:59 Japan time on Friday, 15 March 2024 "
    "(day 14, counting the day after the application of Friday, 1 March 2024 as day 1)"
)
DAY_45_EN = (
    "23:59 Japan time on Monday, 15 April 2024 "
    "(day 45, counting the day after the application of Friday, 1 March 2024 as day 1)"
)


# ---------------------------------------------------------------- deadlines


@pytest.mark.parametrize(
    ("kind", "language", "sentence"),
    [
        (DeadlineKind.SERVICE_END, JA, f"サービスのご利用は、{DAY_14_JA}までです。"),
        (DeadlineKind.RESUMPTION, JA, f"利用再開のお手続きは、{DAY_14_JA}までです。"),
        (DeadlineKind.ERASURE, JA, f"登録情報は、{DAY_45_JA}まで保管し、その後抹消いたします。"),
        (DeadlineKind.SERVICE_END, EN, f"The service can be used until {DAY_14_EN}."),
        (DeadlineKind.RESUMPTION, EN, f"The contract can be resumed until {DAY_14_EN}."),
        (DeadlineKind.ERASURE, EN, f"Registered information is kept until {DAY_45_EN}, and is erased after that."),
    ],
)
def test_a_deadline_is_explained_by_application_rule_and_date(
    kind: DeadlineKind, language: Language, sentence: str
) -> None:
    assert explain_deadline(kind, TIMELINE, POLICY, language) == sentence
    assert explain_deadline(kind, TIMELINE, POLICIES, language) == sentence


def test_stored_dates_are_explained_as_they_were_promised() -> None:
    in_utc = TIMELINE._replace(service_end=Deadline(date(2024, 3, 15), SERVICE_END.astimezone(UTC)))
    sentence = explain_deadline(DeadlineKind.SERVICE_END, in_utc, POLICIES, JA)
    assert sentence == f"サービスのご利用は、{DAY_14_JA}までです。"


def test_an_old_promise_is_explained_by_the_rule_it_was_made_under() -> None:
    old = policy_of(days(10, FirstDay.INCLUDE), days(10), days(45), version="old", valid_until=date(2025, 1, 1))
    new = policy_of(days(30), days(30), days(60), version="new", valid_from=date(2025, 1, 1))
    policies = PolicyRegistry([old, new])
    promised = old.timeline(APPLIED)
    sentence = explain_deadline(DeadlineKind.SERVICE_END, promised, policies, JA)
    assert "当日を1日目として10日目にあたる2024年3月10日（日）23時59分" in sentence
    with pytest.raises(
        ValueError,
        match=(
            r"^these dates were promised by terms old in Asia/Tokyo, not by terms new in Asia/Tokyo: give the "
            r"registry, or its `of\(timeline\)`$"
        ),
    ):
        explain_deadline(DeadlineKind.SERVICE_END, promised, new, JA)
    with pytest.raises(PolicyNotFound, match=r"^no policy terms of version old$"):
        explain_deadline(DeadlineKind.SERVICE_END, promised, POLICIES, JA)


WEEKEND = Calendar(weekend=frozenset({6, 7}))
MIDNIGHT = FirstDay.EXCLUDE_UNLESS_MIDNIGHT
MONTH = Period(Unit.MONTH, 1, month_rule=MonthRule.EVENT_BASED)
RULES = [
    (days(14, FirstDay.INCLUDE), "当日を1日目として14日目", "day 14, counting the day of the application as day 1"),
    (
        days(14, MIDNIGHT),
        "翌日（午前0時ちょうどの申請は当日）を1日目として14日目",
        "day 14, counting the day after the application, or its own day if made at exactly 0:00, as day 1",
    ),
    (
        Period(Unit.DAY, 14, clear_days=True),
        "翌日を1日目として14日目の翌日",
        "the day after day 14, counting the day after the application as day 1",
    ),
    (
        Period(Unit.DAY, 14, calendar=WEEKEND, roll=Roll.FORWARD),
        "翌日を1日目として14日目（休業日の場合は翌営業日）",
        "day 14, counting the day after the application as day 1, or the next business day if that is none",
    ),
    (
        Period(Unit.DAY, 14, calendar=WEEKEND, roll=Roll.BACKWARD),
        "翌日を1日目として14日目（休業日の場合は前営業日）",
        "day 14, counting the day after the application as day 1, or the last business day before if that is none",
    ),
    (
        Period(Unit.WEEK, 2),
        "翌日から数えて2週間の末日",
        "the last day of 2 weeks counted from the day after the application",
    ),
    (
        Period(Unit.WEEK, 1, MIDNIGHT),
        "翌日（午前0時ちょうどの申請は当日）から数えて1週間の末日",
        ("the last day of 1 week counted from the day after the application, or its own day if made at exactly 0:00"),
    ),
    (
        Period(Unit.BUSINESS_DAY, 5, calendar=WEEKEND),
        "翌日以降の営業日を数えて5営業日目",
        "business day 5, counting business days from the day after the application on",
    ),
    (
        Period(Unit.BUSINESS_DAY, 5, MIDNIGHT, calendar=WEEKEND),
        "翌日（午前0時ちょうどの申請は当日）以降の営業日を数えて5営業日目",
        (
            "business day 5, counting business days from the day after the application, or its own day if made at "
            "exactly 0:00, on"
        ),
    ),
    (
        Period(Unit.BUSINESS_DAY, 5, clear_days=True, calendar=WEEKEND),
        "翌日以降の営業日を数えて5営業日目の翌営業日",
        "the business day after business day 5, counting business days from the day after the application on",
    ),
    (
        Period(Unit.MONTH, 1, month_rule=MonthRule.START_BASED),
        "翌日から数えて1か月の末日",
        "the last day of 1 month counted from the day after the application",
    ),
    (
        Period(Unit.YEAR, 2, FirstDay.INCLUDE, MonthRule.EVENT_BASED),
        "当日から数えて2年の末日",
        "the last day of 2 years counted from the day of the application",
    ),
    (
        replace(MONTH, align=Align.MONTH),
        "1か月後の応当日（応当日のない月は末日）の属する月の末日",
        (
            "the last day of the month that contains the same day of the month 1 month after the application, or that "
            "month's last day"
        ),
    ),
    (
        Period(Unit.DAY, 30, align=Align.YEAR, align_from=date(2023, 4, 15)),
        "翌日を1日目として30日目の属する契約年（2023年4月15日（土）から始まるもの）の末日",
        (
            "the last day of the contract year (they begin on Saturday, 15 April 2023) that contains day 30, counting "
            "the day after the application as day 1"
        ),
    ),
    (
        Period(Unit.WEEK, 1, align=Align.QUARTER),
        "翌日から数えて1週間の末日の属する四半期の末日",
        "the last day of the quarter that contains the last day of 1 week counted from the day after the application",
    ),
    (
        replace(MONTH, align=Align.MONTH, cutoff=15),
        "1か月後の応当日（応当日のない月は末日）の属する月の末日（毎月15日までの申請は前月の末日を申請日とします）",
        (
            "the last day of the month that contains the same day of the month 1 month after the application, or that "
            "month's last day, made at the end of the month before if by day 15 of the month"
        ),
    ),
    (
        replace(MONTH, align=Align.MONTH, cutoff=3, cutoff_unit=Unit.BUSINESS_DAY, calendar=WEEKEND),
        (
            "1か月後の応当日（応当日のない月は末日）の属する月の末日"
            "（毎月の第3営業日までの申請は前月の末日を申請日とします）"
        ),
        (
            "the last day of the month that contains the same day of the month 1 month after the application, or that "
            "month's last day, made at the end of the month before if by business day 3 of the month"
        ),
    ),
    (
        Period(Unit.DAY, 14, event_roll=Roll.FORWARD, calendar=WEEKEND),
        "翌日を1日目として14日目（申請日が休業日の場合は翌営業日を申請日とします）",
        "day 14, counting the day after the application as day 1, made on the next business day if its own is none",
    ),
    (
        MONTH,
        "1か月後の応当日（応当日のない月は末日）",
        "the same day of the month 1 month after the application, or that month's last day",
    ),
    (
        replace(MONTH, first_day=MIDNIGHT),
        "1か月後の応当日（応当日のない月は末日、午前0時ちょうどの申請はその前日）",
        (
            "the same day of the month 1 month after the application, or that month's last day, or the day before if "
            "made at exactly 0:00"
        ),
    ),
]


@pytest.mark.parametrize(("period", "japanese", "english"), RULES, ids=[rule[2] for rule in RULES])
def test_every_way_of_counting_has_its_words(period: Period, japanese: str, english: str) -> None:
    policy = policy_of(period, days(1), Period(Unit.YEAR, 9, month_rule=MonthRule.EVENT_BASED))
    assert describe_policy(policy, JA).startswith(f"サービスのご利用は、申請日の{japanese}の23時59分までです。")
    assert describe_policy(policy, EN).startswith(f"The service can be used until 23:59 on {english}. ")


BACK = Direction.BACKWARD
BACKWARD_RULES = [
    (
        Period(Unit.DAY, 10, direction=BACK),
        "前日からさかのぼり、その日を1日目として10日目",
        "day 10, counting back from the day before the event as day 1",
    ),
    (
        Period(Unit.DAY, 10, FirstDay.INCLUDE, direction=BACK),
        "当日からさかのぼり、その日を1日目として10日目",
        "day 10, counting back from the day of the event as day 1",
    ),
    (
        Period(Unit.WEEK, 2, direction=BACK, clear_days=True),
        "前日からさかのぼって2週間の最も早い日の前日",
        "the day before the earliest day of 2 weeks counted back from the day before the event",
    ),
    (
        replace(MONTH, direction=BACK),
        "1か月前の応当日（応当日のない月は末日）",
        "the same day of the month 1 month before the event, or that month's last day",
    ),
    (
        Period(Unit.BUSINESS_DAY, 5, direction=BACK, clear_days=True, calendar=WEEKEND),
        "前日以前の営業日を数えて5営業日目の前営業日",
        "the business day before business day 5, counting business days back from the day before the event on",
    ),
]


@pytest.mark.parametrize(("period", "japanese", "english"), BACKWARD_RULES, ids=[rule[2] for rule in BACKWARD_RULES])
def test_every_way_of_counting_back_has_its_words(period: Period, japanese: str, english: str) -> None:
    assert describe_period(period, TOKYO, JA).startswith(f"期間は、基準日の{japanese}の23時59分までです。")
    assert describe_period(period, TOKYO, EN).startswith(f"The period runs until 23:59 on {english}. ")


def test_a_midnight_is_the_midnight_of_what_sets_the_period_off() -> None:
    period = Period(Unit.DAY, 14, MIDNIGHT)
    assert "翌日（午前0時ちょうどの事由は当日）を1日目として" in describe_period(period, TOKYO, JA)


# ---------------------------------------------------------------- what moved a day

LISTED = Calendar(
    frozenset({6, 7}),
    frozenset(map(date.fromisoformat, ["2024-04-29", "2024-05-03", "2024-05-06"])),
    holidays_until=date(2025, 1, 1),
)
AUGUST = Calendar(holidays=frozenset(date(2024, 8, day) for day in range(1, 32)), holidays_until=date(2025, 1, 1))
MOVES = [
    (
        Period(Unit.DAY, 14, roll=Roll.FORWARD, calendar=LISTED), "2024-04-20",
        "2024年5月4日（土）は土曜日のため、期日を2024年5月7日（火）に繰り下げています。",
        (
            "The last day was moved forward from Saturday, 4 May 2024 to Tuesday, 7 May 2024, "
            "because Saturdays are closed."
        ),
    ),
    (
        Period(Unit.DAY, 13, roll=Roll.BACKWARD, calendar=LISTED), "2024-04-20",
        "2024年5月3日（金）は休日のため、期日を2024年5月2日（木）に繰り上げています。",
        "The last day was moved back from Friday, 3 May 2024 to Thursday, 2 May 2024, because the former is a holiday.",
    ),
    (
        Period(Unit.BUSINESS_DAY, 5, calendar=LISTED), "2024-04-26",
        "数えない日は、土曜日、日曜日、休日（2024年4月29日（月）、2024年5月3日（金）、2024年5月6日（月））です。",
        (
            "Not counted are Saturdays, Sundays and holidays "
            "(Monday, 29 April 2024; Friday, 3 May 2024; Monday, 6 May 2024)."
        ),
    ),
    (
        Period(Unit.BUSINESS_DAY, 2, direction=BACK, calendar=LISTED), "2024-04-30",
        "数えない日は、土曜日、日曜日、休日（2024年4月29日（月））です。",
        "Not counted are Saturdays, Sundays and holidays (Monday, 29 April 2024).",
    ),
    (
        Period(Unit.BUSINESS_DAY, 5, calendar=AUGUST), "2024-07-30",
        "数えない日は、休日（2024年8月1日（木）から2024年8月31日（土））です。",
        "Not counted are holidays (Thursday, 1 August 2024 to Saturday, 31 August 2024).",
    ),
    (
        Period(Unit.BUSINESS_DAY, 5, calendar=AUGUST), "2024-07-01",
        "この間に、数えない日はありません。",
        "No day in between is left out.",
    ),
    (
        replace(MONTH, align=Align.MONTH), "2024-03-15",
        "数えた末日の2024年4月15日（月）から、その属する月の末日の2024年4月30日（火）まで続きます。",
        (
            "The count ends on Monday, 15 April 2024, and the period runs on to the end of the month, "
            "Tuesday, 30 April 2024."
        ),
    ),
    (
        replace(MONTH, align=Align.MONTH, cutoff=15), "2024-04-10",
        "基準日の2024年4月10日（水）は締め日（毎月15日）以前のため、2024年3月31日（日）として数えます。",
        (
            "The event of Wednesday, 10 April 2024 counts as made on Sunday, 31 March 2024, because it was made by "
            "day 15 of the month."
        ),
    ),
    (
        Period(Unit.DAY, 14, event_roll=Roll.FORWARD, calendar=LISTED), "2024-05-03",
        "基準日の2024年5月3日（金）は休日のため、2024年5月7日（火）として数えます。",
        (
            "The event of Friday, 3 May 2024 counts as made on Tuesday, 7 May 2024, because the former is a holiday."
        ),
    ),
    (
        Period(Unit.BUSINESS_DAY, 3, calendar=LISTED, roll=Roll.FORWARD, roll_calendar=AUGUST), "2024-07-29",
        "2024年8月1日（木）は休日のため、期日を2024年9月1日（日）に繰り下げています。",
        (
            "The last day was moved forward from Thursday, 1 August 2024 to Sunday, 1 September 2024, "
            "because the former is a holiday."
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("period", "event", "japanese", "english"), MOVES, ids=[move[3] for move in MOVES])
def test_what_moved_a_day_or_was_not_counted_is_said(period: Period, event: str, japanese: str, english: str) -> None:
    day = date.fromisoformat(event)
    assert japanese.removesuffix("。") in explain_period(period, day, TOKYO, JA).split("。")
    assert english.removesuffix(".") in explain_period(period, day, TOKYO, EN).removesuffix(".").split(". ")


def test_a_day_that_did_not_move_needs_no_further_sentence() -> None:
    rolled = Period(Unit.DAY, 14, roll=Roll.FORWARD, calendar=LISTED)
    assert explain_period(rolled, date(2024, 3, 1), TOKYO, EN) == (
        "The period runs until 23:59 Japan time on Friday, 15 March 2024 (day 14, counting the day after the event of "
        "Friday, 1 March 2024 as day 1, or the next business day if that is none)."
    )


def test_a_moved_deadline_of_a_policy_is_explained_with_its_application() -> None:
    policy = policy_of(days(1), days(1), Period(Unit.DAY, 45, roll=Roll.FORWARD, calendar=LISTED))
    promised = policy.timeline_on(date(2024, 3, 23))
    assert explain_deadline(DeadlineKind.ERASURE, promised, policy, JA) == (
        "登録情報は、申請日である2024年3月23日（土）の翌日を1日目として45日目（休業日の場合は翌営業日）にあたる"
        "2024年5月7日（火）23時59分（日本時間）まで保管し、その後抹消いたします。"
    )
    promised = policy.timeline_on(date(2024, 3, 22))
    assert explain_deadline(DeadlineKind.ERASURE, promised, policy, JA).endswith(
        "2024年5月6日（月）は休日のため、期日を2024年5月7日（火）に繰り下げています。"
    )


def test_an_application_at_midnight_is_explained_by_its_own_steps() -> None:
    policy = policy_of(days(1), days(1), Period(Unit.DAY, 45, MIDNIGHT, roll=Roll.BACKWARD, calendar=LISTED))
    promised = policy.timeline(at("2024-03-08T00:00"))
    assert explain_deadline(DeadlineKind.ERASURE, promised, policy, JA).endswith(
        "2024年4月21日（日）は日曜日のため、期日を2024年4月19日（金）に繰り上げています。"
    )


def test_steps_that_depend_on_a_time_of_day_that_is_not_stored_are_left_out() -> None:
    policy = policy_of(days(1), days(1), Period(Unit.DAY, 45, MIDNIGHT, roll=Roll.FORWARD, calendar=LISTED))
    promised = policy.timeline(at("2024-03-23T00:00"))
    assert promised.erasure == policy.timeline(at("2024-03-23T12:00")).erasure
    assert explain_deadline(DeadlineKind.ERASURE, promised, policy, JA).endswith("まで保管し、その後抹消いたします。")


@pytest.mark.parametrize("last_day", ["2024-05-09", "2025-06-01"])
def test_stored_dates_that_follow_from_no_count_are_explained_without_steps(last_day: str) -> None:
    policy = policy_of(days(1), days(1), Period(Unit.DAY, 45, roll=Roll.FORWARD, calendar=LISTED))
    erasure = Deadline.of_last_day(date.fromisoformat(last_day), TOKYO)
    stored = policy.timeline_on(date(2024, 3, 22))._replace(erasure=erasure)
    sentence = explain_deadline(DeadlineKind.ERASURE, stored, policy, JA)
    assert sentence.endswith("まで保管し、その後抹消いたします。")


def test_stored_dates_whose_holidays_are_no_longer_listed_are_explained_without_steps() -> None:
    policy = policy_of(days(1), days(1), Period(Unit.DAY, 45, roll=Roll.FORWARD, calendar=LISTED))
    end = Deadline.of_last_day(date(2030, 3, 1), TOKYO)
    stored = Timeline(date(2030, 1, 1), policy.name, policy.version, TOKYO, end, end, end)
    assert explain_deadline(DeadlineKind.ERASURE, stored, policy, EN).endswith("and is erased after that.")


def test_an_instant_is_counted_from_its_date_in_the_zone() -> None:
    late_in_utc = datetime(2024, 2, 29, 15, tzinfo=UTC)
    assert "2024年3月1日（金）" in explain_period(days(14), late_in_utc, TOKYO, JA)


def test_a_zone_without_a_name_explains_nothing() -> None:
    with pytest.raises(ValueError, match=r"^datetime\.timezone\.utc has no name to explain it by: write a ZoneInfo$"):
        explain_period(days(14), date(2024, 3, 1), UTC, JA)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^datetime\.timezone\.utc has no name to explain it by: write a ZoneInfo$"):
        describe_period(days(14), UTC, JA)  # type: ignore[arg-type]


# ---------------------------------------------------------------- tense


@pytest.mark.parametrize(
    ("kind", "japanese", "english"),
    [
        (
            DeadlineKind.SERVICE_END,
            f"サービスのご利用は、{DAY_14_JA}をもって終了いたしました。",
            f"The service could be used until {DAY_14_EN}, and has ended.",
        ),
        (
            DeadlineKind.RESUMPTION,
            f"利用再開のお手続きは、{DAY_14_JA}をもって受付を終了いたしました。",
            f"The contract could be resumed until {DAY_14_EN}.",
        ),
        (
            DeadlineKind.ERASURE,
            f"登録情報は、{DAY_45_JA}をもって保管を終了し、抹消いたしました。",
            f"Registered information was kept until {DAY_45_EN}, and has been erased.",
        ),
    ],
)
def test_a_deadline_that_has_passed_is_told_in_the_past_tense(kind: DeadlineKind, japanese: str, english: str) -> None:
    deadline = TIMELINE.deadline(kind)
    for now in (deadline.at, deadline.at.astimezone(UTC), deadline.last_day + timedelta(days=1)):
        assert explain_deadline(kind, TIMELINE, POLICY, JA, now) == japanese
        assert explain_deadline(kind, TIMELINE, POLICY, EN, now) == english
    for now in (deadline.at - timedelta.resolution, deadline.last_day):
        assert explain_deadline(kind, TIMELINE, POLICY, JA, now) == explain_deadline(kind, TIMELINE, POLICY, JA)


def test_a_period_that_is_over_is_told_in_the_past_tense() -> None:
    over = date(2024, 3, 16)
    assert explain_period(days(14), date(2024, 3, 1), TOKYO, JA, over) == (
        "期間は、基準日である2024年3月1日（金）の翌日を1日目として14日目にあたる2024年3月15日（金）23時59分（日本時間）"
        "をもって満了いたしました。"
    )
    assert explain_period(days(14), date(2024, 3, 1), TOKYO, EN, over).endswith("as day 1), and is over.")
    assert explain_period(days(14), date(2024, 3, 1), TOKYO, EN, date(2024, 3, 15)).endswith("as day 1).")


# ---------------------------------------------------------------- policies


def test_the_shipped_policy_is_described_in_the_manuals_terms() -> None:
    assert describe_policy(POLICY, JA) == (
        "サービスのご利用は、申請日の翌日を1日目として14日目の23時59分までです。"
        "利用再開のお手続きは、申請日の翌日を1日目として14日目の23時59分までです。"
        "登録情報は、申請日の翌日を1日目として45日目の23時59分まで保管し、その後抹消いたします。"
        "日付と時刻は日本時間によります。"
        "期日が土日や祝日にあたる場合も、繰り延べはありません。"
    )
    assert describe_policy(POLICY, EN) == (
        "The service can be used until 23:59 on day 14, counting the day after the application as day 1. "
        "The contract can be resumed until 23:59 on day 14, counting the day after the application as day 1. "
        "Registered information is kept until 23:59 on day 45, counting the day after the application as day 1, "
        "and is erased after that. "
        "Dates and times are Japan time. "
        "Weekends and holidays do not move them."
    )


def test_a_policy_that_rolls_does_not_claim_otherwise() -> None:
    rolling = policy_of(days(1), days(1), Period(Unit.DAY, 9, calendar=WEEKEND, roll=Roll.FORWARD))
    assert describe_policy(rolling, JA).endswith("日付と時刻は日本時間によります。休業日は、土曜日、日曜日です。")
    assert describe_policy(rolling, EN).endswith("Dates and times are Japan time. Closed are Saturdays and Sundays.")


def test_closed_days_are_described_with_the_dates_for_which_they_are_known() -> None:
    both = policy_of(
        days(1),
        Period(Unit.DAY, 2, roll=Roll.FORWARD, calendar=WEEKEND),
        Period(Unit.BUSINESS_DAY, 9, calendar=LISTED),
    )
    assert describe_policy(both, JA).endswith(
        "休業日は、土曜日、日曜日です。"
        "休業日は、土曜日、日曜日、2024年1月1日（月）から2024年12月31日（火）までの休日3日です。"
    )
    assert describe_policy(both, EN).endswith(
        "Closed are Saturdays, Sundays and 3 holidays from Monday, 1 January 2024 to Tuesday, 31 December 2024."
    )


def test_one_holiday_is_no_plural() -> None:
    one = Period.from_mapping(
        {"unit": "business_day", "count": 9, "holidays": ["2024-05-03"], "holidays_until": "2025-01-01"}
    )
    assert describe_period(one, TOKYO, EN).endswith(
        "Closed are 1 holiday from Monday, 1 January 2024 to Tuesday, 31 December 2024."
    )


@pytest.mark.parametrize(
    ("zone", "japanese", "english"),
    [
        ("Asia/Tokyo", "23時59分（日本時間）", "23:59 Japan time on"),
        ("UTC", "23時59分（協定世界時）", "23:59 UTC on"),
        ("Europe/Berlin", "23時59分（Europe/Berlinの現地時間）", "23:59 Europe/Berlin time on"),
    ],
)
def test_a_time_names_the_zone_it_is_in(zone: str, japanese: str, english: str) -> None:
    policy = policy_of(days(14), days(14), days(45), zone=ZoneInfo(zone))
    timeline = policy.timeline_on(date(2024, 3, 1))
    assert japanese in explain_deadline(DeadlineKind.ERASURE, timeline, policy, JA)
    assert english in explain_deadline(DeadlineKind.ERASURE, timeline, policy, EN)


@pytest.mark.parametrize(
    ("day", "japanese", "english"),
    [
        ("2024-03-15", "2024年3月15日（金）", "Friday, 15 March 2024"),
        ("2024-02-29", "2024年2月29日（木）", "Thursday, 29 February 2024"),
        ("2025-01-06", "2025年1月6日（月）", "Monday, 6 January 2025"),
        ("2025-12-07", "2025年12月7日（日）", "Sunday, 7 December 2025"),
        ("2025-08-19", "2025年8月19日（火）", "Tuesday, 19 August 2025"),
        ("2025-10-22", "2025年10月22日（水）", "Wednesday, 22 October 2025"),
        ("2025-11-29", "2025年11月29日（土）", "Saturday, 29 November 2025"),
        ("2025-04-01", "2025年4月1日（火）", "Tuesday, 1 April 2025"),
        ("2025-05-01", "2025年5月1日（木）", "Thursday, 1 May 2025"),
        ("2025-06-01", "2025年6月1日（日）", "Sunday, 1 June 2025"),
        ("2025-07-01", "2025年7月1日（火）", "Tuesday, 1 July 2025"),
        ("2025-09-01", "2025年9月1日（月）", "Monday, 1 September 2025"),
    ],
)
def test_a_date_in_words_has_its_weekday(day: str, japanese: str, english: str) -> None:
    assert date_in_words(date.fromisoformat(day), JA) == japanese
    assert date_in_words(date.fromisoformat(day), EN) == english


# ---------------------------------------------------------------- refusals


def refused(facts: Facts, action: Action, now: datetime, actor: Actor | None = None) -> Refused:
    """The refusal that this must meet with."""
    asking = actor or next(actor for actor in Actor if actor in PERMITTED[action])
    decision = decide(POLICY, facts, action, asking, now)
    assert isinstance(decision, Refused), decision
    return decision


REFUSALS = {
    "already terminated, and resumable": (
        refused(TERMINATED, Action.TERMINATE, APPLIED),
        (
            f"利用終了のお申し込みは、すでに承っております。サービスのご利用は、{DAY_14_JA}までです。"
            "ご利用の継続をご希望の場合は、2024年3月15日（金）23時59分（日本時間）までに、"
            "契約管理の「ホーム」から利用再開のお手続きをお願いいたします。"
        ),
        (
            f"{ACCEPTED_EN} The service can be used until {DAY_14_EN}. "
            "To keep the service, please resume the contract on the contract management home page by "
            "23:59 Japan time on Friday, 15 March 2024."
        ),
    ),
    "already terminated, and no longer resumable": (
        refused(TERMINATED, Action.TERMINATE, SERVICE_END),
        (
            f"利用終了のお申し込みは、すでに承っております。サービスのご利用は、{DAY_14_JA}までです。"
            "あらためてのお手続きは不要です。"
        ),
        (f"{ACCEPTED_EN} The service can be used until {DAY_14_EN}. Nothing more needs to be done."),
    ),
    "not terminated": (
        refused(ACTIVE, Action.RESUME, APPLIED),
        "ご契約は継続中で、利用終了のお申し込みはございません。お手続きは不要です。引き続きご利用ください。",
        "This contract is active, and no application to end it is in force. Nothing needs to be done.",
    ),
    "window closed": (
        refused(TERMINATED, Action.RESUME, SERVICE_END),
        (
            f"利用再開のお手続きは、{DAY_14_JA}をもって受付を終了いたしました。"
            f"登録情報は、2024年4月15日（月）23時59分（日本時間）まで保管し、その後抹消いたします。{AGAIN_JA}"
        ),
        (
            f"The contract could be resumed until {DAY_14_EN}. Registered information is kept until "
            f"23:59 Japan time on Monday, 15 April 2024, and is erased after that. {AGAIN_EN}"
        ),
    ),
    "erased": (
        refused(ERASED, Action.RESUME, ERASURE),
        f"登録情報の保管は{DAY_45_JA}までで、抹消が完了しております。{AGAIN_JA}",
        f"Registered information was kept until {DAY_45_EN}, and has been erased. {AGAIN_EN}",
    ),
    "service end not due": (
        refused(TERMINATED, Action.END_SERVICE, APPLIED),
        f"サービスのご利用は、{DAY_14_JA}までです。利用終了は、その後に記録いたします。",
        f"The service can be used until {DAY_14_EN}. The end of service is recorded after that.",
    ),
    "erasure not due": (
        refused(ENDED, Action.ERASE, SERVICE_END),
        f"登録情報は、{DAY_45_JA}まで保管し、その後抹消いたします。",
        f"Registered information is kept until {DAY_45_EN}, and is erased after that.",
    ),
    "service end recorded": (
        refused(ENDED, Action.END_SERVICE, SERVICE_END),
        f"サービスのご利用は{DAY_14_JA}までで、利用終了は記録済みです。お手続きは不要です。",
        f"The service could be used until {DAY_14_EN}. Its end has been recorded; nothing more needs to be done.",
    ),
    "held": (
        refused(HELD, Action.ERASE, ERASURE),
        f"登録情報の保管は{DAY_45_JA}までですが、抹消は保留されています。保留が解除されたのち、抹消いたします。",
        (
            f"Registered information was to be kept until {DAY_45_EN}. "
            "Its erasure is on hold, and follows once the hold is released."
        ),
    ),
    "somebody else's": (
        refused(TERMINATED, Action.TERMINATE, APPLIED, SYSTEM),
        f"このお手続きは契約者様、または運用担当者が承ります。サービスのご利用は、{DAY_14_JA}までです。",
        f"Please ask the contractor or an operator to do this. The service can be used until {DAY_14_EN}.",
    ),
    "an operator's": (
        refused(ACTIVE, Action.HOLD_ERASURE, APPLIED, CONTRACTOR),
        "このお手続きは運用担当者が承ります。",
        "Please ask an operator to do this.",
    ),
    "nobody's": (
        refused(TERMINATED, Action.ERASE, ERASURE, OPERATOR),
        f"このお手続きは、期日ののちに自動で行われます。登録情報は、{DAY_45_JA}まで保管し、その後抹消いたします。",
        (
            f"This happens by itself once it is due. Registered information is kept until {DAY_45_EN}, "
            "and is erased after that."
        ),
    ),
    "out of range": (
        refused(ACTIVE, Action.TERMINATE, at("9999-12-01T00:00")),
        (
            "期日を計算できる範囲（西暦9999年まで、休日の一覧があるときはその期間）を超えるため、"
            "お申し込みを承ることができません。別の日付でお申し込みください。"
        ),
        (
            "The deadlines cannot be computed: they lie beyond the year 9999, or the holidays of that time are not "
            "listed. Please apply on another date."
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_says_why_which_dates_matter_and_what_to_do(case: str) -> None:
    refusal, japanese, english = REFUSALS[case]
    for policy in (POLICY, POLICIES):
        assert explain_refusal(refusal, policy, JA) == japanese
        assert explain_refusal(refusal, policy, EN) == english


def test_every_reason_is_explained() -> None:
    assert {refusal.reason for refusal, _, _ in REFUSALS.values()} == set(Reason)


def test_a_refusal_is_explained_by_the_version_that_made_the_promise() -> None:
    other = policy_of(days(14), days(14), days(45))
    with pytest.raises(
        ValueError,
        match=(
            r"^these dates were promised by omakase-login 1\.0 in Asia/Tokyo, not by terms test in "
            r"Asia/Tokyo: give the registry, or its `of\(timeline\)`$"
        ),
    ):
        explain_refusal(refused(TERMINATED, Action.TERMINATE, APPLIED), other, JA)


# ---------------------------------------------------------------- whatever is said


def everything_said() -> Iterator[str]:
    for language in Language:
        yield describe_policy(POLICY, language)
        for kind in DeadlineKind:
            yield explain_deadline(kind, TIMELINE, POLICY, language)
        for refusal, _, _ in REFUSALS.values():
            yield explain_refusal(refusal, POLICY, language)
        for reason in Reason:
            for action in Action:
                for actor in Actor:
                    yield explain_refusal(Refused(reason, action, actor, APPLIED, TIMELINE), POLICY, language)
                    yield explain_refusal(Refused(reason, action, actor, APPLIED, None), POLICY, language)


def test_no_sentence_says_24_oclock_or_shows_a_gap() -> None:
    for sentence in everything_said():
        assert "24:00" not in sentence
        assert "24時" not in sentence
        assert not re.search(r"[{}]|None|  ", sentence)
        assert sentence.endswith(("。", "."))


def test_tokyo_is_the_shipped_policys_zone() -> None:
    assert POLICY.zone is TOKYO
