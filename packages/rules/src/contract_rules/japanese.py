"""The explanations in Japanese."""

from collections.abc import Mapping
from datetime import date
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from contract_rules.completeness import complete
from contract_rules.decisions import Reason, Refused
from contract_rules.lifecycle import PERMITTED, Actor
from contract_rules.periods import INCLUDED, FirstDay, Period, Roll, Unit
from contract_rules.policy import DeadlineKind, Policy
from contract_rules.wording import Promise, ends_before_the_corresponding_day

WEEKDAYS: Final = "月火水木金土日"
ZONES: Final[Mapping[str, str]] = {"Asia/Tokyo": "日本時間", "UTC": "協定世界時"}
CLEAR_DAYS: Final[Mapping[Unit, str]] = complete(
    "CLEAR_DAYS",
    Unit,
    {
        Unit.DAY: "の翌日",
        Unit.WEEK: "の翌日",
        Unit.MONTH: "の翌日",
        Unit.YEAR: "の翌日",
        Unit.BUSINESS_DAY: "の翌営業日",
    },
)
FIRST_DAYS: Final[Mapping[FirstDay, str]] = complete(
    "FIRST_DAYS",
    FirstDay,
    {
        FirstDay.EXCLUDE: "翌日",
        FirstDay.INCLUDE: "当日",
        FirstDay.EXCLUDE_UNLESS_MIDNIGHT: "翌日（午前0時ちょうどの申請は当日）",
    },
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
DEADLINES: Final[Mapping[DeadlineKind, str]] = complete(
    "DEADLINES",
    DeadlineKind,
    {
        DeadlineKind.SERVICE_END: "サービスのご利用は、{until}までです。",
        DeadlineKind.RESUMPTION: "利用再開のお手続きは、{until}までです。",
        DeadlineKind.ERASURE: "登録情報は、{until}まで保管し、その後抹消いたします。",
    },
)
APPLY_ANEW: Final = "ふたたびご利用になる場合は、新規にお申し込みください。"
STILL_RESUMABLE: Final = (
    "利用終了のお申し込みは、すでに承っております。サービスのご利用は、{until}までです。"
    "ご利用の継続をご希望の場合は、{resumable_until}までに、"
    "契約管理の「ホーム」から利用再開のお手続きをお願いいたします。"
)
REFUSALS: Final[Mapping[tuple[Reason, DeadlineKind], str]] = {
    (Reason.ALREADY_TERMINATED, DeadlineKind.SERVICE_END): (
        "利用終了のお申し込みは、すでに承っております。サービスのご利用は、{until}までです。"
        "あらためてのお手続きは不要です。"
    ),
    (Reason.RESUME_WINDOW_CLOSED, DeadlineKind.RESUMPTION): (
        "利用再開のお手続きは、{until}をもって受付を終了いたしました。"
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
    (Reason.NOT_DUE_YET, DeadlineKind.ERASURE): DEADLINES[DeadlineKind.ERASURE],
}
ACTIVE: Final = "ご契約は継続中で、利用終了のお申し込みはございません。お手続きは不要です。引き続きご利用ください。"
TOO_LATE: Final = "期日が西暦9999年を超えるため、お申し込みを承ることができません。より早い日付でお申し込みください。"
ACTORS: Final[Mapping[Actor, str | None]] = complete(
    "ACTORS", Actor, {Actor.CONTRACTOR: "ご契約者さま", Actor.OPERATOR: "運営担当者", Actor.SYSTEM: None}
)
"""Who can be asked; None for what happens by itself."""


class Japanese:
    """日本語による説明."""

    def day(self, day: date) -> str:
        """2024年3月15日（金）."""
        return f"{day.year}年{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}）"

    def deadline(self, kind: DeadlineKind, promise: Promise) -> str:
        """Until when, counted from which application, by which rule."""
        return DEADLINES[kind].format(until=self._counted(kind, promise))

    def refusal(self, refused: Refused, promise: Promise) -> str:
        """Why not, the dates that matter, and what can be done instead, with an application in force."""
        return self._refusal_template(refused, promise).format(
            until=self._counted(refused.deadline_kind, promise),
            resumable_until=self._last_minute(promise.timeline.resumption.last_day, promise.policy.zone),
            kept_until=self._last_minute(promise.timeline.erasure.last_day, promise.policy.zone),
        )

    def _refusal_template(self, refused: Refused, promise: Promise) -> str:
        if refused.reason is Reason.ALREADY_TERMINATED and not promise.timeline.resumption.passed(refused.at):
            return STILL_RESUMABLE
        without = self.refusal_without_application(refused)
        kind = refused.deadline_kind
        return REFUSALS.get((refused.reason, kind), f"{without}{DEADLINES[kind]}")

    def refusal_without_application(self, refused: Refused) -> str:
        """The same without one."""
        match refused.reason:
            case Reason.ACTOR_NOT_PERMITTED:
                who = "、または".join(
                    who for actor, who in ACTORS.items() if who and actor in PERMITTED[refused.action]
                )
                return f"このお手続きは{who}が承ります。" if who else "このお手続きは、期日ののちに自動で行われます。"
            case Reason.DATE_OUT_OF_RANGE:
                return TOO_LATE
            case (
                Reason.NOT_TERMINATED
                | Reason.ALREADY_TERMINATED
                | Reason.RESUME_WINDOW_CLOSED
                | Reason.CONTRACT_ERASED
                | Reason.NOT_DUE_YET
                | Reason.SERVICE_END_RECORDED
                | Reason.ERASURE_ON_HOLD
            ):
                return ACTIVE
            case unknown:
                assert_never(unknown)

    def policy(self, policy: Policy) -> str:
        """The terms, and how they count."""
        sentences = [
            DEADLINES[kind].format(until=f"申請日の{self._rule(policy.period(kind))}の23時59分")
            for kind in DeadlineKind
        ]
        sentences.append(f"日付と時刻は{self._zone(policy.zone)}によります。")
        if all(policy.period(kind).roll is Roll.NONE for kind in DeadlineKind):
            sentences.append("期日が土日や祝日にあたる場合も、繰り延べはありません。")
        return "".join(sentences)

    def _counted(self, kind: DeadlineKind, promise: Promise) -> str:
        applied = self.day(promise.timeline.requested_on)
        rule = self._rule(promise.policy.period(kind))
        last_day = promise.timeline.deadline(kind).last_day
        return f"申請日である{applied}の{rule}にあたる{self._last_minute(last_day, promise.policy.zone)}"

    def _last_minute(self, day: date, zone: ZoneInfo) -> str:
        return f"{self.day(day)}23時59分（{self._zone(zone)}）"

    def _zone(self, zone: ZoneInfo) -> str:
        return ZONES.get(zone.key, f"{zone.key}の現地時間")

    def _rule(self, period: Period) -> str:
        clear = CLEAR_DAYS[period.unit] if period.clear_days else ""
        return f"{self._counting(period)}{clear}{ROLLS[period.roll]}"

    def _counting(self, period: Period) -> str:
        first, count = FIRST_DAYS[period.first_day], period.count
        match period.unit:
            case Unit.DAY:
                return f"{first}を1日目として{count}日目"
            case Unit.BUSINESS_DAY:
                return f"{first}以降の営業日を数えて{count}営業日目"
            case Unit.WEEK:
                return f"{first}から数えて{count}週間の末日"
            case Unit.MONTH:
                return self._months(period, first, f"{count}か月")
            case Unit.YEAR:
                return self._months(period, first, f"{count}年")
            case unknown:
                assert_never(unknown)

    def _months(self, period: Period, first: str, months: str) -> str:
        if ends_before_the_corresponding_day(period):
            return f"{first}から数えて{months}の末日"
        midnight = "、午前0時ちょうどの申請はその前日"
        at_midnight = midnight if INCLUDED[period.first_day] is None else ""
        return f"{months}後の応当日（応当日のない月は末日{at_midnight}）"
