"""The dates that one application was promised, computed once and stored with it; no later policy moves them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self, assert_never
from zoneinfo import ZoneInfo

from contract_rules.completeness import complete
from contract_rules.instants import (
    CLOCKS_MAY_MOVE,
    ends_day,
    first_instant_after,
    local_time,
    no_offset,
    require_date,
    require_moment,
)


class DeadlineKind(StrEnum):
    """The three dates that an application to end the contract sets."""

    SERVICE_END = "service_end"
    RESUMPTION = "resumption"
    ERASURE = "erasure"


SERVICE_END: Final = DeadlineKind.SERVICE_END
RESUMPTION: Final = DeadlineKind.RESUMPTION
ERASURE: Final = DeadlineKind.ERASURE

UNTIL: Final[Mapping[DeadlineKind, str]] = complete(
    "UNTIL",
    DeadlineKind,
    {
        SERVICE_END: "the service would run",
        RESUMPTION: "the contract could be resumed",
        ERASURE: "data would be kept",
    },
)
"""What a deadline ends. An application precedes all of them, and erasure precedes none."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A date that was promised: the last day that counts, and the instant from which it has passed.

    `at` is the first instant after `last_day`. Two deadlines are equal where day and instant are, whatever
    zone the instant is written in.

    Raises:
        ValueError: `last_day` is not a date, `at` has no UTC offset, or there is no zone in which the day ends then.
        DateOutOfRange: `at` lies outside the years 1 to 9999 in UTC.
    """

    last_day: date
    at: datetime = field(compare=False)
    instant: datetime = field(init=False, repr=False)
    """`at` in UTC, where two instants compare by their order in time whatever a zone's clocks do."""

    def __post_init__(self) -> None:
        """Keep the instant in UTC beside the one that is shown, and refuse one at which the last day does not end."""
        last_day, at = self.last_day, self.at
        if type(last_day) is not date:
            require_date(last_day, "write the last day that counts")
        if not isinstance(at, datetime):
            raise ValueError(f"{at!r} is not an instant: write the first one after {last_day}")  # noqa: TRY004  # as above
        instant = at if at.tzinfo is UTC else local_time(at, UTC)
        if not ends_day(last_day, instant):
            raise ValueError(
                f"{last_day} does not end at {at.isoformat()} in any zone: write the first instant after that day"
            )
        object.__setattr__(self, "instant", instant)

    @classmethod
    def of_last_day(cls, last_day: date, zone: ZoneInfo) -> Self:
        """The deadline that passes when that day ends in that zone, as rebuilt from a stored date.

        Raises:
            ValueError: no date, or no zone.
            DateOutOfRange: the day is 9999-12-31.

        >>> Deadline.of_last_day(date(2024, 3, 15), ZoneInfo("Asia/Tokyo")).at.isoformat()
        '2024-03-16T00:00:00+09:00'
        """
        require_date(last_day, "write the last day that counts")
        return cls(last_day, first_instant_after(last_day, zone))

    def passed(self, now: date) -> bool:
        """Whether it is over: `now` is an instant, or today's date in the policy's zone.

        A deadline falls between two days, so that today's date is all that an answer needs; an instant is
        compared to the microsecond.

        Raises:
            ValueError: `now` is a datetime without a UTC offset, or neither.

        >>> deadline = Deadline.of_last_day(date(2024, 3, 15), ZoneInfo("Asia/Tokyo"))
        >>> deadline.passed(datetime.fromisoformat("2024-03-15T23:59:59.999999+09:00"))
        False
        >>> deadline.passed(datetime.fromisoformat("2024-03-16T00:00:00+09:00"))
        True
        >>> deadline.passed(date(2024, 3, 15))
        False
        """
        if type(now) is datetime:
            try:
                return now >= self.instant
            except TypeError:  # a naive datetime compares with no instant
                raise no_offset(now) from None
        if type(now) is not date:  # of a subclass, or of neither
            require_moment(now)
            if isinstance(now, datetime):
                return now >= self.instant
        return now > self.last_day

    def days_left(self, today: date) -> int:
        """Days from today (in the policy's zone) to the last day: 0 on that day, negative after it.

        Raises:
            ValueError: today is a datetime.

        >>> Deadline.of_last_day(date(2024, 3, 15), ZoneInfo("Asia/Tokyo")).days_left(date(2024, 3, 1))
        14
        """
        require_date(today, "give today's date in the policy's zone")
        return (self.last_day - today).days


class _Dates(NamedTuple):
    """The fields of a timeline."""

    requested_on: date
    policy_name: str
    policy_version: str
    zone: ZoneInfo
    service_end: Deadline
    resumption: Deadline
    erasure: Deadline


class Timeline(_Dates):
    """What follows from one application: until when the service runs, may be resumed, and data is kept.

    It holds dates, and of the policy what finds it again, so that it can be rebuilt from what is stored with the
    application.

    Fields:
        requested_on: 申請日, in the zone.
        policy_name, policy_version: by whose terms the dates were counted.
        zone: in which the days end.
        service_end, resumption, erasure: the deadlines.

    Raises:
        ValueError: a field is not of its type, a last day does not end then in the zone, a deadline precedes the
            application, or the data would be erased before the service ends or while the contract can still be
            resumed.
        DateOutOfRange: a last day is 9999-12-31.
    """

    __slots__ = ()

    def __new__(  # noqa: PLR0917  # a tuple's fields have an order
        cls,
        requested_on: date,
        policy_name: str,
        policy_version: str,
        zone: ZoneInfo,
        service_end: Deadline,
        resumption: Deadline,
        erasure: Deadline,
    ) -> Self:
        """Refuse dates that no policy promises."""
        fields = (requested_on, policy_name, policy_version, zone, service_end, resumption, erasure)
        try:
            consistent = (
                isinstance(zone, ZoneInfo)
                and isinstance(policy_name, str)
                and isinstance(policy_version, str)
                and requested_on <= service_end.last_day <= erasure.last_day
                and requested_on <= resumption.last_day <= erasure.last_day
                and service_end.instant <= erasure.instant
                and resumption.instant <= erasure.instant
                and _ends_in(zone, service_end)
                and _ends_in(zone, resumption)
                and _ends_in(zone, erasure)
            )
        except (AttributeError, TypeError):  # not of their types
            consistent = False
        if not consistent:
            raise ValueError(_fault(*fields))
        return tuple.__new__(cls, fields)

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> Self:  # type: ignore[override]  # written for `cls` of any tuple type
        """As the constructor, which `_replace` would pass by."""
        return cls(*iterable)

    def deadline(self, kind: DeadlineKind) -> Deadline:
        """The deadline of that kind.

        >>> from contract_rules import shipped_policies
        >>> shipped_policies().in_force(date(2024, 3, 1)).timeline_on(date(2024, 3, 1)).deadline(
        ...     DeadlineKind.ERASURE
        ... ).last_day
        datetime.date(2024, 4, 15)
        """
        if kind is SERVICE_END:
            return self.service_end
        if kind is RESUMPTION:
            return self.resumption
        if kind is ERASURE:
            return self.erasure
        assert_never(kind)


def _ends_in(zone: ZoneInfo, deadline: Deadline) -> bool:
    """Whether the last day ends at the deadline's instant in that zone, by its clocks then or now."""
    return abs(deadline.instant - first_instant_after(deadline.last_day, zone)) <= CLOCKS_MAY_MOVE


def _fault(  # noqa: PLR0917  # as above
    requested_on: Any,  # noqa: ANN401  # each may be anything
    policy_name: object,
    policy_version: object,
    zone: Any,  # noqa: ANN401
    service_end: Any,  # noqa: ANN401
    resumption: Any,  # noqa: ANN401
    erasure: Any,  # noqa: ANN401
) -> str:
    """What is wrong with the fields of a timeline."""
    if isinstance(requested_on, datetime) or not isinstance(requested_on, date):
        return f"requested_on is {requested_on!r}: write the date of the application"
    for name, value, kind_of, instead in (
        ("policy_name", policy_name, str, "text"),
        ("policy_version", policy_version, str, "text"),
        ("zone", zone, ZoneInfo, "a ZoneInfo"),
        ("service_end", service_end, Deadline, "a Deadline"),
        ("resumption", resumption, Deadline, "a Deadline"),
        ("erasure", erasure, Deadline, "a Deadline"),
    ):
        if not isinstance(value, kind_of):
            return f"{name} is {value!r}: write {instead}"
    return _contradiction(requested_on, zone, service_end, resumption, erasure)


def _contradiction(
    requested_on: date, zone: ZoneInfo, service_end: Deadline, resumption: Deadline, erasure: Deadline
) -> str:
    """What is wrong with fields that are of their types."""
    deadlines = {SERVICE_END: service_end, RESUMPTION: resumption, ERASURE: erasure}
    for kind, deadline in deadlines.items():
        if deadline.last_day < requested_on:
            return early_deadline(requested_on, kind, deadline.last_day)
        if deadline.last_day > erasure.last_day or deadline.instant > erasure.instant:
            return early_erasure(requested_on, kind, deadline.last_day, erasure.last_day)
    kind, deadline = next((kind, deadline) for kind, deadline in deadlines.items() if not _ends_in(zone, deadline))
    end = first_instant_after(deadline.last_day, zone).isoformat()
    return (
        f"{kind}: {deadline.last_day} ends at {end} in {zone.key}, not at {deadline.at.isoformat()}: "
        "write the first instant after that day there"
    )


def early_deadline(applied_on: date, kind: DeadlineKind, last_day: date) -> str:
    """What is wrong with a deadline that precedes its own application."""
    return (
        f"{kind}: applied on {applied_on}, {UNTIL[kind]} until {last_day}: "
        "write a last day that is never earlier than the application"
    )


def early_erasure(applied_on: date, kind: DeadlineKind, last_day: date, erasure: date) -> str:
    """What is wrong with data that is erased before a deadline."""
    return (
        f"erasure: applied on {applied_on}, {UNTIL[ERASURE]} until {erasure} and {UNTIL[kind]} until {last_day}: "
        f"write an erasure that is never earlier than {kind}"
    )
