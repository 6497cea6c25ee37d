"""The dates that one application was promised, computed once and stored with it; no later policy moves them."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from contract_rules.instants import first_instant_after, local_time, no_offset, require_date


class DeadlineKind(StrEnum):
    """The three dates that an application to end the contract sets."""

    SERVICE_END = "service_end"
    RESUMPTION = "resumption"
    ERASURE = "erasure"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A date that was promised: the last day that counts, and the instant from which it has passed.

    `at` is the first instant after `last_day`. Two deadlines are equal where day and instant are, whatever
    zone the instant is written in.

    Raises:
        ValueError: `at` has no UTC offset.
        DateOutOfRange: `at` lies outside the years 1 to 9999 in UTC.
    """

    last_day: date
    at: datetime = field(compare=False)
    instant: datetime = field(init=False, repr=False)
    """`at` in UTC, where two instants compare by their order in time whatever a zone's clocks do."""

    def __post_init__(self) -> None:
        """Keep the instant in UTC beside the one that is shown."""
        object.__setattr__(self, "instant", local_time(self.at, UTC))

    @classmethod
    def of_last_day(cls, last_day: date, zone: ZoneInfo) -> Self:
        """The deadline that passes when that day ends in that zone, as rebuilt from a stored date.

        Raises:
            DateOutOfRange: the day is 9999-12-31.

        >>> Deadline.of_last_day(date(2024, 3, 15), ZoneInfo("Asia/Tokyo")).at.isoformat()
        '2024-03-16T00:00:00+09:00'
        """
        return cls(last_day, first_instant_after(last_day, zone))

    def passed(self, now: date) -> bool:
        """Whether it is over: `now` is an instant, or today's date in the policy's zone.

        A deadline falls between two days, so that today's date is all that an answer needs; an instant is
        compared to the microsecond.

        Raises:
            ValueError: `now` is a datetime without a UTC offset.

        >>> deadline = Deadline.of_last_day(date(2024, 3, 15), ZoneInfo("Asia/Tokyo"))
        >>> deadline.passed(datetime.fromisoformat("2024-03-15T23:59:59.999999+09:00"))
        False
        >>> deadline.passed(datetime.fromisoformat("2024-03-16T00:00:00+09:00"))
        True
        >>> deadline.passed(date(2024, 3, 15))
        False
        """
        if not isinstance(now, datetime):
            return now > self.last_day
        try:
            return now >= self.instant
        except TypeError:  # a naive datetime compares with no instant
            raise no_offset(now) from None

    def days_left(self, today: date) -> int:
        """Days from today (in the policy's zone) to the last day: 0 on that day, negative after it.

        Raises:
            ValueError: today is a datetime.

        >>> Deadline.of_last_day(date(2024, 3, 15), ZoneInfo("Asia/Tokyo")).days_left(date(2024, 3, 1))
        14
        """
        require_date(today, "give today's date in the policy's zone")
        return (self.last_day - today).days


class Timeline(NamedTuple):
    """What follows from one application: until when the service runs, may be resumed, and data is kept.

    It holds dates and no policy, so that it can be rebuilt from what is stored with the application.
    """

    requested_on: date
    policy_version: str
    service_end: Deadline
    resumption: Deadline
    erasure: Deadline

    def deadline(self, kind: DeadlineKind) -> Deadline:
        """The deadline of that kind.

        >>> from contract_rules import shipped_policies
        >>> shipped_policies().in_force(date(2024, 3, 1)).timeline_on(date(2024, 3, 1)).deadline(
        ...     DeadlineKind.ERASURE
        ... ).last_day
        datetime.date(2024, 4, 15)
        """
        if kind is DeadlineKind.SERVICE_END:
            return self.service_end
        return self.resumption if kind is DeadlineKind.RESUMPTION else self.erasure
