"""The explanations in Japanese."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from contract_rules.calendars import Calendar
from contract_rules.completeness import complete
from contract_rules.decisions import Reason
from contract_rules.instants import ONE_DAY
from contract_rules.lifecycle import Actor
from contract_rules.periods import Align, Direction, FirstDay, Period, Roll, Steps, Unit
from contract_rules.policy import DeadlineKind
from contract_rules.vocabulary import DAYS_IN, INCLUDED, ROLL_STEP
from contract_rules.wording import Count, Noun, Sentence, Wording, ends_before_the_corresponding_day

WEEKDAYS: Final = "月火水木金土日"
ZONES: Final[Mapping[str, str]] = {"Asia/Tokyo": "日本時間", "UTC": "協定世界時"}
UNITS: Final[Mapping[Unit, str]] = complete(
    "UNITS",
    Unit,
    {Unit.DAY: "日", Unit.WEEK: "週間", Unit.MONTH: "か月", Unit.YEAR: "年", Unit.BUSINESS_DAY: "営業日"},
)
CLEAR_DAYS: Final[Mapping[Unit, str]] = complete(
    "CLEAR_DAYS",
    Unit,
    {Unit.DAY: "日", Unit.WEEK: "日", Unit.MONTH: "日", Unit.YEAR: "日", Unit.BUSINESS_DAY: "営業日"},
)
FIRST_DAYS: Final[Mapping[FirstDay, str]] = complete(
    "FIRST_DAYS",
    FirstDay,
    {
        FirstDay.EXCLUDE: "{next}日",
        FirstDay.INCLUDE: "当日",
        FirstDay.EXCLUDE_UNLESS_MIDNIGHT: "{next}日（午前0時ちょうどの{event}は当日）",
    },
)
NEXT: Final[Mapping[Direction, str]] = complete("NEXT", Direction, {Direction.FORWARD: "翌", Direction.BACKWARD: "前"})
COUNTING: Final[Mapping[Direction, str]] = complete(
    "COUNTING", Direction, {Direction.FORWARD: "", Direction.BACKWARD: "からさかのぼり、その日"}
)
SINCE: Final[Mapping[Direction, str]] = complete(
    "SINCE", Direction, {Direction.FORWARD: "以降", Direction.BACKWARD: "以前"}
)
END: Final[Mapping[Direction, str]] = complete(
    "END", Direction, {Direction.FORWARD: "末日", Direction.BACKWARD: "最も早い日"}
)
COUNTED: Final[Mapping[Direction, str]] = complete(
    "COUNTED", Direction, {Direction.FORWARD: "から数えて", Direction.BACKWARD: "からさかのぼって"}
)
AFTER: Final[Mapping[Direction, str]] = complete(
    "AFTER", Direction, {Direction.FORWARD: "後", Direction.BACKWARD: "前"}
)
ROLLS: Final[Mapping[Roll, str]] = complete(
    "ROLLS",
    Roll,
    {
        Roll.NONE: "",
        Roll.FORWARD: "（休業日の場合は翌営業日）",
        Roll.BACKWARD: "（休業日の場合は前営業日）",
    },
)
ALIGNED: Final[Mapping[Align, str]] = complete(
    "ALIGNED", Align, {Align.NONE: "", Align.MONTH: "月", Align.QUARTER: "四半期", Align.YEAR: "年"}
)
DEADLINES: Final[Mapping[DeadlineKind, Sentence]] = complete(
    "DEADLINES",
    DeadlineKind,
    {
        DeadlineKind.SERVICE_END: Sentence(
            "サービスのご利用は、{until}までです。", "サービスのご利用は、{until}をもって終了いたしました。"
        ),
        DeadlineKind.RESUMPTION: Sentence(
            "利用再開のお手続きは、{until}までです。",
            "利用再開のお手続きは、{until}をもって受付を終了いたしました。",
        ),
        DeadlineKind.ERASURE: Sentence(
            "登録情報は、{until}まで保管し、その後抹消いたします。",
            "登録情報は、{until}をもって保管を終了し、抹消いたしました。",
        ),
    },
)
APPLY_ANEW: Final = "ふたたびご利用になる場合は、新規にお申し込みください。"
REFUSALS: Final[Mapping[tuple[Reason, DeadlineKind], str]] = {
    (Reason.ALREADY_TERMINATED, DeadlineKind.SERVICE_END): (
        "利用終了のお申し込みは、すでに承っております。サービスのご利用は、{until}までです。"
        "あらためてのお手続きは不要です。"
    ),
    (Reason.RESUME_WINDOW_CLOSED, DeadlineKind.RESUMPTION): (
        f"{DEADLINES[DeadlineKind.RESUMPTION].passed}"
        f"登録情報は、{{kept_until}}まで保管し、その後抹消いたします。{APPLY_ANEW}"
    ),
    (Reason.CONTRACT_ERASED, DeadlineKind.ERASURE): (
        f"登録情報の保管は{{until}}までで、抹消が完了しております。{APPLY_ANEW}"
    ),
    (Reason.SERVICE_END_RECORDED, DeadlineKind.SERVICE_END): (
        "サービスのご利用は{until}までで、利用終了は記録済みです。お手続きは不要です。"
    ),
    (Reason.ERASURE_ON_HOLD, DeadlineKind.ERASURE): (
        "登録情報の保管は{until}までですが、抹消は保留されています。保留が解除されたのち、抹消いたします。"
    ),
    (Reason.NOT_DUE_YET, DeadlineKind.SERVICE_END): (
        "サービスのご利用は、{until}までです。利用終了は、その後に記録いたします。"
    ),
    (Reason.NOT_DUE_YET, DeadlineKind.ERASURE): DEADLINES[DeadlineKind.ERASURE].running,
}
ACTORS: Final[Mapping[Actor, str]] = complete(
    "ACTORS", Actor, {Actor.CONTRACTOR: "契約者様", Actor.OPERATOR: "運用担当者", Actor.SYSTEM: "システム"}
)


class Japanese(Wording):
    """日本語による説明."""

    between = ""
    deadlines = DEADLINES
    one_period = Sentence("期間は、{until}までです。", "期間は、{until}をもって満了いたしました。")
    refusals = REFUSALS
    still_resumable = (
        "利用終了のお申し込みは、すでに承っております。サービスのご利用は、{until}までです。"
        "ご利用の継続をご希望の場合は、{resumable_until}までに、"
        "契約管理の「ホーム」から利用再開のお手続きをお願いいたします。"
    )
    active = "ご契約は継続中で、利用終了のお申し込みはございません。お手続きは不要です。引き続きご利用ください。"
    uncountable = (
        "期日を計算できる範囲（西暦9999年まで、休日の一覧があるときはその期間）を超えるため、"
        "お申し込みを承ることができません。別の日付でお申し込みください。"
    )
    by_itself = "このお手続きは、期日ののちに自動で行われます。"
    nothing_moves = "期日が土日や祝日にあたる場合も、繰り延べはありません。"
    application = Noun("申請", "申請日")
    an_event = Noun("事由", "基準日")

    def day(self, day: date) -> str:
        """2024年3月15日（金）."""
        return f"{day.year}年{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}）"

    def last_minute(self, day: date, zone: ZoneInfo) -> str:
        """2024年3月15日（金）23時59分（日本時間）."""
        return f"{self.day(day)}23時59分（{self._zone(zone)}）"

    def counted(self, count: Count) -> str:
        """申請日である…の翌日を1日目として14日目にあたる…."""
        rule = self._rule(count.period, count.noun)
        last_minute = self.last_minute(count.last_day, count.zone)
        return f"{count.noun.day}である{self.day(count.from_day)}の{rule}にあたる{last_minute}"

    def in_general(self, period: Period, noun: Noun) -> str:
        """申請日の翌日を1日目として14日目の23時59分."""
        return f"{noun.day}の{self._rule(period, noun)}の23時59分"

    def zone_of_dates(self, zone: ZoneInfo) -> str:
        """日付と時刻は日本時間によります."""
        return f"日付と時刻は{self._zone(zone)}によります。"

    def permitted(self, actors: Sequence[Actor]) -> str:
        """このお手続きは運用担当者が承ります."""
        return f"このお手続きは{'、または'.join(ACTORS[actor] for actor in actors)}が承ります。"

    def counts_from(self, steps: Steps, why: str, noun: Noun) -> str:
        """申請日は…のため、…として数えます."""
        return f"{noun.day}の{self.day(steps.event)}は{why}のため、{self.day(steps.counted_from)}として数えます。"

    def aligned(self, steps: Steps, period: Period) -> str:
        """数えた日から、月の末日まで続きます."""
        end = self._end_of(period)
        return f"数えた末日の{self.day(steps.counted)}から、その属する{end}の{self.day(steps.aligned)}まで続きます。"

    def rolled(self, steps: Steps, why: str) -> str:
        """末日は休業日のため、翌営業日に繰り下げます."""
        way = "繰り下げ" if steps.last_day > steps.aligned else "繰り上げ"
        return f"{self.day(steps.aligned)}は{why}のため、期日を{self.day(steps.last_day)}に{way}ています。"

    def closed_weekday(self, day: date) -> str:
        """土曜日."""
        return f"{WEEKDAYS[day.weekday()]}曜日"

    def listed_holiday(self) -> str:
        """休日."""
        return "休日"

    def past_cutoff(self, period: Period) -> str:
        """締め日以前."""
        return f"締め日（{self._cutoff(period)}）以前"

    def not_counted(self, calendar: Calendar, holidays: list[tuple[date, date]]) -> str:
        """数えない日は、土曜日、日曜日、休日（…）です."""
        days = _closed_weekdays(calendar)
        if holidays:
            days.append(f"休日（{'、'.join(self._run(first, last) for first, last in holidays)}）")
        return f"数えない日は、{'、'.join(days)}です。" if days else "この間に、数えない日はありません。"

    def closed_days(self, calendar: Calendar) -> str:
        """休業日は、土曜日、日曜日、…の休日51日です."""
        days = _closed_weekdays(calendar)
        if calendar.holidays_until is not None:
            last = calendar.holidays_until - ONE_DAY
            days.append(f"{self.day(calendar.known_from)}から{self.day(last)}までの休日{len(calendar.holidays)}日")
        return f"休業日は、{'、'.join(days)}です。"

    def _zone(self, zone: ZoneInfo) -> str:
        return ZONES.get(zone.key, f"{zone.key}の現地時間")

    def _run(self, first: date, last: date) -> str:
        return self.day(first) if first == last else f"{self.day(first)}から{self.day(last)}"

    def _rule(self, period: Period, noun: Noun) -> str:
        clear = f"の{NEXT[period.direction]}{CLEAR_DAYS[period.unit]}" if period.clear_days else ""
        aligned = f"の属する{self._end_of(period)}" if ALIGNED[period.align] else ""
        conditions = f"{self._conditions(period, noun)}{ROLLS[period.roll]}"
        return f"{self._counting(period, noun)}{clear}{aligned}{conditions}"

    def _conditions(self, period: Period, noun: Noun) -> str:
        """When the event counts as made on another day."""
        moved = f"（{noun.day}が休業日の場合は翌営業日を{noun.day}とします）" if ROLL_STEP[period.event_roll] else ""
        if period.cutoff is None:
            return moved
        return f"{moved}（{self._cutoff(period)}までの{noun.event}は前月の末日を{noun.day}とします）"

    def _cutoff(self, period: Period) -> str:
        return f"{'毎月' if DAYS_IN[period.cutoff_unit] else '毎月の第'}{period.cutoff}{UNITS[period.cutoff_unit]}"

    def _end_of(self, period: Period) -> str:
        if period.align_from is None:
            return f"{ALIGNED[period.align]}の末日"
        return f"契約{ALIGNED[period.align]}（{self.day(period.align_from)}から始まるもの）の末日"

    def _counting(self, period: Period, noun: Noun) -> str:
        first, count = self._first_day(period, noun), period.count
        match period.unit:
            case Unit.DAY:
                return f"{first}{COUNTING[period.direction]}を1日目として{count}日目"
            case Unit.BUSINESS_DAY:
                return f"{first}{SINCE[period.direction]}の営業日を数えて{count}営業日目"
            case Unit.WEEK:
                return self._end_of_count(period, first)
            case Unit.MONTH | Unit.YEAR:
                return self._months(period, first, noun)
            case unknown:
                assert_never(unknown)

    def _first_day(self, period: Period, noun: Noun) -> str:
        return FIRST_DAYS[period.first_day].format(next=NEXT[period.direction], event=noun.event)

    def _end_of_count(self, period: Period, first: str) -> str:
        return f"{first}{COUNTED[period.direction]}{period.count}{UNITS[period.unit]}の{END[period.direction]}"

    def _months(self, period: Period, first: str, noun: Noun) -> str:
        if ends_before_the_corresponding_day(period):
            return self._end_of_count(period, first)
        midnight = f"、午前0時ちょうどの{noun.event}はその前日"
        at_midnight = midnight if INCLUDED[period.first_day] is None else ""
        length = f"{period.count}{UNITS[period.unit]}{AFTER[period.direction]}"
        return f"{length}の応当日（応当日のない月は末日{at_midnight}）"


def _closed_weekdays(calendar: Calendar) -> list[str]:
    return [f"{WEEKDAYS[day - 1]}曜日" for day in sorted(calendar.weekend)]
