"""The explanations in English."""

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

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
ZONES: Final[Mapping[str, str]] = {"Asia/Tokyo": "Japan time", "UTC": "UTC"}
FIRST_DAYS: Final[Mapping[FirstDay, str]] = complete(
    "FIRST_DAYS",
    FirstDay,
    {
        FirstDay.EXCLUDE: "the day after {applied}",
        FirstDay.INCLUDE: "the day of {applied}",
        FirstDay.EXCLUDE_UNLESS_MIDNIGHT: "the day after {applied}, or its own day if made at exactly 0:00,",
    },
)
ROLLS: Final[Mapping[Roll, str]] = complete(
    "ROLLS",
    Roll,
    {
        Roll.NONE: "",
        Roll.FORWARD: ", or the next business day if that is none",
        Roll.BACKWARD: ", or the last business day before if that is none",
    },
)
CLEAR_DAYS: Final[Mapping[Unit, str]] = complete(
    "CLEAR_DAYS",
    Unit,
    {
        Unit.DAY: "day",
        Unit.WEEK: "day",
        Unit.MONTH: "day",
        Unit.YEAR: "day",
        Unit.BUSINESS_DAY: "business day",
    },
)
DEADLINES: Final[Mapping[DeadlineKind, str]] = complete(
    "DEADLINES",
    DeadlineKind,
    {
        DeadlineKind.SERVICE_END: "The service can be used until {until}.",
        DeadlineKind.RESUMPTION: "The contract can be resumed until {until}.",
        DeadlineKind.ERASURE: "Registered information is kept until {until}, and is erased after that.",
    },
)
APPLY_ANEW: Final = "To use the service again, please apply for a new contract."
ACCEPTED: Final = "The application to end this contract has already been accepted."
STILL_RESUMABLE: Final = (
    f"{ACCEPTED} {DEADLINES[DeadlineKind.SERVICE_END]} To keep the service, please resume the contract "
    "on the contract management home page by {resumable_until}."
)
REFUSALS: Final[Mapping[tuple[Reason, DeadlineKind], str]] = {
    (Reason.ALREADY_TERMINATED, DeadlineKind.SERVICE_END): (
        f"{ACCEPTED} {DEADLINES[DeadlineKind.SERVICE_END]} Nothing more needs to be done."
    ),
    (Reason.RESUME_WINDOW_CLOSED, DeadlineKind.RESUMPTION): (
        "The contract could be resumed until {until}. "
        f"Registered information is kept until {{kept_until}}, and is erased after that. {APPLY_ANEW}"
    ),
    (Reason.CONTRACT_ERASED, DeadlineKind.ERASURE): (
        f"Registered information was kept until {{until}}, and has been erased. {APPLY_ANEW}"
    ),
    (Reason.SERVICE_END_RECORDED, DeadlineKind.SERVICE_END): (
        "The service could be used until {until}. Its end has been recorded; nothing more needs to be done."
    ),
    (Reason.ERASURE_ON_HOLD, DeadlineKind.ERASURE): (
        "Registered information was to be kept until {until}. "
        "Its erasure is on hold, and follows once the hold is released."
    ),
    (Reason.NOT_DUE_YET, DeadlineKind.SERVICE_END): (
        f"{DEADLINES[DeadlineKind.SERVICE_END]} The end of service is recorded after that."
    ),
    (Reason.NOT_DUE_YET, DeadlineKind.ERASURE): DEADLINES[DeadlineKind.ERASURE],
}
ACTORS: Final[Mapping[Actor, str | None]] = complete(
    "ACTORS", Actor, {Actor.CONTRACTOR: "the contractor", Actor.OPERATOR: "an operator", Actor.SYSTEM: None}
)
"""Who can be asked; None for what happens by itself."""


class English:
    """Explanations in English."""

    def day(self, day: date) -> str:
        """Friday, 15 March 2024."""
        return f"{WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"

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
        return REFUSALS.get((refused.reason, kind), f"{without} {DEADLINES[kind]}")

    def refusal_without_application(self, refused: Refused) -> str:
        """The same without one."""
        match refused.reason:
            case Reason.ACTOR_NOT_PERMITTED:
                who = " or ".join(who for actor, who in ACTORS.items() if who and actor in PERMITTED[refused.action])
                return f"Please ask {who} to do this." if who else "This happens by itself once it is due."
            case Reason.DATE_OUT_OF_RANGE:
                return "The deadlines would lie beyond the year 9999. Please apply on an earlier date."
            case (
                Reason.NOT_TERMINATED
                | Reason.ALREADY_TERMINATED
                | Reason.RESUME_WINDOW_CLOSED
                | Reason.CONTRACT_ERASED
                | Reason.NOT_DUE_YET
                | Reason.SERVICE_END_RECORDED
                | Reason.ERASURE_ON_HOLD
            ):
                return "This contract is active, and no application to end it is in force. Nothing needs to be done."
            case unknown:
                assert_never(unknown)

    def policy(self, policy: Policy) -> str:
        """The terms, and how they count."""
        sentences = [
            DEADLINES[kind].format(until=f"23:59 on {self._rule(policy.period(kind), 'the application')}")
            for kind in DeadlineKind
        ]
        sentences.append(f"Dates and times are {self._zone(policy.zone)}.")
        if all(policy.period(kind).roll is Roll.NONE for kind in DeadlineKind):
            sentences.append("Weekends and holidays do not move them.")
        return " ".join(sentences)

    def _counted(self, kind: DeadlineKind, promise: Promise) -> str:
        applied = f"the application of {self.day(promise.timeline.requested_on)}"
        last_day = promise.timeline.deadline(kind).last_day
        rule = self._rule(promise.policy.period(kind), applied)
        return f"{self._last_minute(last_day, promise.policy.zone)} ({rule})"

    def _last_minute(self, day: date, zone: ZoneInfo) -> str:
        return f"23:59 {self._zone(zone)} on {self.day(day)}"

    def _zone(self, zone: ZoneInfo) -> str:
        return ZONES.get(zone.key, f"{zone.key} time")

    def _rule(self, period: Period, applied: str) -> str:
        clear = f"the {CLEAR_DAYS[period.unit]} after " if period.clear_days else ""
        return f"{clear}{self._counting(period, applied)}{ROLLS[period.roll]}"

    def _counting(self, period: Period, applied: str) -> str:
        first, count = FIRST_DAYS[period.first_day].format(applied=applied), period.count
        match period.unit:
            case Unit.DAY:
                return f"day {count}, counting {first} as day 1"
            case Unit.BUSINESS_DAY:
                return f"business day {count}, counting business days from {first.removesuffix(',')} on"
            case Unit.WEEK:
                return self._last_day_of(period, first)
            case Unit.MONTH | Unit.YEAR:
                return self._months(period, first, applied)
            case unknown:
                assert_never(unknown)

    def _last_day_of(self, period: Period, first: str) -> str:
        return f"the last day of {self._length(period)} counted from {first.removesuffix(',')}"

    def _months(self, period: Period, first: str, applied: str) -> str:
        if ends_before_the_corresponding_day(period):
            return self._last_day_of(period, first)
        midnight = ", or the day before if made at exactly 0:00"
        at_midnight = midnight if INCLUDED[period.first_day] is None else ""
        length = self._length(period)
        return f"the same day of the month {length} after {applied}, or that month's last day{at_midnight}"

    def _length(self, period: Period) -> str:
        return f"{period.count} {period.unit}{'' if period.count == 1 else 's'}"
