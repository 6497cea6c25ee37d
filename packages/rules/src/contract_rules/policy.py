"""Policies: which periods apply to an application to end a contract, and which dates follow from one.

A policy is a TOML file, checked in full when it is read. A `Timeline` is what one application was promised:
it is computed once, stored with the application, and no later policy moves it.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import MINYEAR, UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contract_rules.periods import (
    MIDNIGHT,
    DateOutOfRange,
    Direction,
    FirstDay,
    Period,
    PeriodError,
    first_instant_after,
    local_time,
    require_instant,
)

A_CYCLE_BEGINS = date(2000, 1, 1)
DAYS_IN_A_GREGORIAN_CYCLE = 146_097
"""400 years: after them weekdays, leap years and lengths of months all repeat."""


class PolicyError(ValueError):
    """A policy that cannot be meant; the message names the file, the key and what was expected."""


class PolicyNotFound(LookupError):  # noqa: N818  # reads as what happened, like DateOutOfRange
    """No policy of that version, or none in force on that date."""


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
            require_instant(now)
            raise

    def days_left(self, today: date) -> int:
        """Days from today (in the policy's zone) to the last day: 0 on that day, negative after it.

        >>> Deadline.of_last_day(date(2024, 3, 15), ZoneInfo("Asia/Tokyo")).days_left(date(2024, 3, 1))
        14
        """
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

        >>> shipped_policies().in_force(date(2024, 3, 1)).timeline_on(date(2024, 3, 1)).deadline(
        ...     DeadlineKind.ERASURE
        ... ).last_day
        datetime.date(2024, 4, 15)
        """
        match kind:
            case DeadlineKind.SERVICE_END:
                return self.service_end
            case DeadlineKind.RESUMPTION:
                return self.resumption
            case DeadlineKind.ERASURE:
                return self.erasure


@dataclass(frozen=True, slots=True)
class Policy:
    """The terms on which a contract ends: three periods, all counted from the application's local date.

    Fields:
        name, version: what applications store to find their terms again.
        zone: whose calendar counts.
        service_end: how long the service can still be used.
        resumption: how long the application can be taken back.
        erasure: how long the registered information is kept.
        valid_from, valid_until: the dates of application it governs, `valid_from <= day < valid_until`;
            None leaves that side open.

    Raises:
        PolicyError: a period runs backward, the validity is empty, or for some date of application the data
            would be erased before the service ends or while the contract can still be resumed.
    """

    name: str
    version: str
    zone: ZoneInfo
    service_end: Period
    resumption: Period
    erasure: Period
    valid_from: date | None = None
    valid_until: date | None = None
    horizon: date = field(init=False, repr=False, compare=False)
    """The last date of application whose deadlines the calendar can still express."""
    minds_midnight: bool = field(init=False, repr=False, compare=False)
    """Whether an application at 00:00:00 exactly is counted from its own day by any of the periods."""

    def __post_init__(self) -> None:
        """Refuse terms that contradict each other on any date of application."""
        self._check_names()
        self._check_directions()
        self._check_validity()
        object.__setattr__(self, "horizon", self._horizon())
        rules = {self.period(kind).first_day for kind in DeadlineKind}
        object.__setattr__(self, "minds_midnight", FirstDay.EXCLUDE_UNLESS_MIDNIGHT in rules)
        self._check_erasure_comes_last(DeadlineKind.SERVICE_END, "the service would run")
        self._check_erasure_comes_last(DeadlineKind.RESUMPTION, "the contract could be resumed")

    def __hash__(self) -> int:
        """By name and version, which tell policies apart, and quickly: deadlines are remembered by policy."""
        return hash((self.name, self.version))

    def period(self, kind: DeadlineKind) -> Period:
        """The rule by which that deadline is counted.

        >>> shipped_policies().version("omakase-login", "1.0").period(DeadlineKind.ERASURE).count
        45
        """
        match kind:
            case DeadlineKind.SERVICE_END:
                return self.service_end
            case DeadlineKind.RESUMPTION:
                return self.resumption
            case DeadlineKind.ERASURE:
                return self.erasure

    def in_force_on(self, day: date) -> bool:
        """Whether an application made on that date falls under this policy.

        >>> shipped_policies().version("omakase-login", "1.0").in_force_on(date(1999, 12, 31))
        True
        """
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day < self.valid_until
        )

    def local_date(self, instant: datetime) -> date:
        """申請日: the calendar date, in the policy's zone, of that instant.

        Raises:
            ValueError: the instant has no UTC offset.
            DateOutOfRange: the date lies outside the years 1 to 9999.

        >>> policy = shipped_policies().version("omakase-login", "1.0")
        >>> policy.local_date(datetime(2024, 3, 1, 15, tzinfo=UTC))
        datetime.date(2024, 3, 2)
        """
        return local_time(instant, self.zone).date()

    def timeline(self, requested_at: datetime) -> Timeline:
        """The dates that an application accepted at that instant is promised.

        Raises:
            ValueError: the instant has no UTC offset.
            DateOutOfRange: a date lies outside the years 1 to 9999.

        Source: おまかせログイン 利用マニュアル 利用終了編 1 and 2.

        >>> policy = shipped_policies().version("omakase-login", "1.0")
        >>> timeline = policy.timeline(datetime.fromisoformat("2024-03-01T00:00:00+09:00"))
        >>> timeline.resumption.last_day, timeline.erasure.at.isoformat()
        (datetime.date(2024, 3, 15), '2024-04-16T00:00:00+09:00')
        """
        local = local_time(requested_at, self.zone)
        return _timeline(self, local.date(), self.minds_midnight and local.time() == MIDNIGHT)

    def timeline_on(self, day: date) -> Timeline:
        """The dates that would follow from an application on that day: for a confirmation screen.

        Raises:
            ValueError: the day is a datetime, which `timeline` takes.
            DateOutOfRange: a date lies outside the years 1 to 9999.

        >>> shipped_policies().in_force(date(2024, 2, 15)).timeline_on(date(2024, 2, 15)).service_end.last_day
        datetime.date(2024, 2, 29)
        """
        if isinstance(day, datetime):
            raise ValueError(  # noqa: TRY004  # a datetime is a date, with more than was asked for
                f"{day.isoformat()} is not a date: ask timeline for the dates that follow an instant"
            )
        return _timeline(self, day, False)

    def can_count_from(self, now: date) -> bool:
        """Whether the deadlines of an application made then can be expressed in the calendar.

        `now` is an instant, or today's date in the policy's zone.

        >>> shipped_policies().version("omakase-login", "1.0").can_count_from(date(9999, 12, 1))
        False
        """
        if MINYEAR < now.year < self.horizon.year:
            return True
        try:
            day = self.local_date(now) if isinstance(now, datetime) else now
        except DateOutOfRange:
            return False
        return day <= self.horizon

    def _check_names(self) -> None:
        for key in ("name", "version"):
            if not getattr(self, key).strip():
                raise PolicyError(
                    f"{key} is empty: write the text by which applications find their terms again"
                )

    def _check_directions(self) -> None:
        for kind in DeadlineKind:
            if self.period(kind).direction is not Direction.FORWARD:
                raise PolicyError(
                    f"{kind}: its last day lies before the application: write direction forward"
                )

    def _check_validity(self) -> None:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise PolicyError(
                f"valid_until: {self.valid_until} is the first day without this policy: "
                f"write a date after valid_from, {self.valid_from}"
            )

    def _check_erasure_comes_last(self, kind: DeadlineKind, still: str) -> None:
        for at_midnight in (False, True):
            earlier = _as_counted(self.period(kind), at_midnight=at_midnight)
            later = _as_counted(self.erasure, at_midnight=at_midnight)
            day = _first_day_out_of_order(earlier, later, self.horizon)
            if day is not None:
                raise PolicyError(
                    f"erasure: applied on {day}, data would be kept until {later.last_day(day)} and {still} "
                    f"until {earlier.last_day(day)}: write an erasure that is never earlier than {kind}"
                )

    def _horizon(self) -> date:
        first, beyond = date.min.toordinal(), date.max.toordinal()
        if not self._ends_within_the_calendar(date.min):
            raise PolicyError("the periods outlast the calendar, which ends with the year 9999: write less")
        while beyond - first > 1:
            middle = (first + beyond) // 2
            if self._ends_within_the_calendar(date.fromordinal(middle)):
                first = middle
            else:
                beyond = middle
        return date.fromordinal(first)

    def _ends_within_the_calendar(self, day: date) -> bool:
        try:
            return all(self.period(kind).last_day(day) < date.max for kind in DeadlineKind)
        except DateOutOfRange:
            return False


@lru_cache(maxsize=1024)
def _timeline(policy: Policy, day: date, at_midnight: bool) -> Timeline:
    """The same for every application of a day, but that midnight may count its own day: so computed once."""
    event = datetime.combine(day, MIDNIGHT) if at_midnight else day
    service_end, resumption, erasure = (
        Deadline.of_last_day(policy.period(kind).last_day(event), policy.zone) for kind in DeadlineKind
    )
    return Timeline(day, policy.version, service_end, resumption, erasure)


def _as_counted(period: Period, *, at_midnight: bool) -> Period:
    """The same period for an application at 00:00:00 exactly, or at any other time."""
    if period.first_day is not FirstDay.EXCLUDE_UNLESS_MIDNIGHT:
        return period
    return replace(period, first_day=FirstDay.INCLUDE if at_midnight else FirstDay.EXCLUDE)


def _first_day_out_of_order(earlier: Period, later: Period, horizon: date) -> date | None:
    """A date of application for which `earlier` would end after `later`, if there is one."""
    if earlier.span is not None and later.span is not None:
        return None if earlier.span <= later.span else min(A_CYCLE_BEGINS, horizon)
    if earlier.count <= later.count and replace(earlier, count=later.count) == later:
        return None
    for number in range(DAYS_IN_A_GREGORIAN_CYCLE):
        day = A_CYCLE_BEGINS + timedelta(days=number)
        if day > horizon:
            break
        if earlier.last_day(day) > later.last_day(day):
            return day
    return None


KEYS = tuple(each.name for each in fields(Policy) if each.init)


class PolicyRegistry:
    """The versions of the terms over time: for every date of application at most one is in force.

    Raises:
        PolicyError: there is none, two have the same version, or two are in force on the same date.
    """

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._policies = tuple(sorted(policies, key=lambda policy: policy.valid_from or date.min))
        if not self._policies:
            raise PolicyError("a registry needs a policy: write at least one")
        self._by_version = {policy.version: policy for policy in self._policies}
        if len(self._by_version) < len(self._policies):
            raise PolicyError("version: two policies have the same version: give each its own")
        for before, after in zip(self._policies, self._policies[1:], strict=False):
            self._check_overlap(before, after)

    @staticmethod
    def _check_overlap(before: Policy, after: Policy) -> None:
        begins = after.valid_from or date.min
        if before.in_force_on(begins):
            raise PolicyError(
                f"valid_until: {before.name} {before.version} is still in force when {after.name} "
                f"{after.version} begins: end it with the other's valid_from, {begins}"
            )

    @classmethod
    def from_folder(cls, folder: Traversable) -> Self:
        """The policies in a folder's `.toml` files; a `pathlib.Path` serves as folder.

        Raises:
            PolicyError: a file is not a policy, or the policies contradict each other.

        >>> from importlib import resources
        >>> len(PolicyRegistry.from_folder(resources.files("contract_rules") / "policies"))
        1
        """
        files = sorted(
            (file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name
        )
        return cls(parse_policy(file.read_text(encoding="utf-8"), source=file.name) for file in files)

    def __len__(self) -> int:
        """How many versions there are."""
        return len(self._policies)

    def __iter__(self) -> Iterator[Policy]:
        """The policies, the first in force first."""
        return iter(self._policies)

    def in_force(self, on: date) -> Policy:
        """The policy under which an application made on that date falls.

        Raises:
            PolicyNotFound: none is in force on that date.

        >>> shipped_policies().in_force(date(2024, 3, 1)).version
        '1.0'
        """
        for policy in self._policies:
            if policy.in_force_on(on):
                return policy
        raise PolicyNotFound(f"no policy is in force on {on}")

    def in_force_at(self, instant: datetime) -> Policy:
        """The policy under which an application accepted at that instant falls, each by its own zone's date.

        Raises:
            ValueError: the instant has no UTC offset.
            PolicyNotFound: none is in force then.
            DateOutOfRange: the date lies outside the years 1 to 9999.

        >>> shipped_policies().in_force_at(datetime(2024, 3, 1, tzinfo=UTC)).version
        '1.0'
        """
        for policy in self._policies:
            if policy.in_force_on(policy.local_date(instant)):
                return policy
        raise PolicyNotFound(f"no policy is in force at {instant.isoformat()}")

    def version(self, name: str, version: str) -> Policy:
        """The policy that an application was made under, by what was stored with it.

        Raises:
            PolicyNotFound: there is no such version; versions that applications refer to must be kept.

        >>> shipped_policies().version("omakase-login", "1.0").zone.key
        'Asia/Tokyo'
        """
        policy = self._by_version.get(version)
        if policy is None or policy.name != name:
            raise PolicyNotFound(f"no policy {name} of version {version}")
        return policy

    def of(self, timeline: Timeline) -> Policy:
        """The policy under which those dates were promised.

        Raises:
            PolicyNotFound: the registry no longer has that version.

        >>> policies = shipped_policies()
        >>> policies.of(policies.in_force(date(2024, 3, 1)).timeline_on(date(2024, 3, 1))).name
        'omakase-login'
        """
        try:
            return self._by_version[timeline.policy_version]
        except KeyError:
            raise PolicyNotFound(f"no policy of version {timeline.policy_version}") from None


@cache
def shipped_policies() -> PolicyRegistry:
    """The terms of おまかせログイン, every version that was ever in force.

    >>> [policy.name for policy in shipped_policies()]
    ['omakase-login']
    """
    return PolicyRegistry.from_folder(resources.files("contract_rules") / "policies")


def parse_policy(text: str, source: str = "policy") -> Policy:
    """The policy that a TOML text writes down; `source` is named in errors.

    Raises:
        PolicyError: with the source, the key, and what was expected there.

    >>> parse_policy('name = "terms"', source="terms.toml")
    Traceback (most recent call last):
    ...
    contract_rules.policy.PolicyError: terms.toml: version: missing: write text
    """
    try:
        return _policy(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{source}: not TOML: {error}") from None
    except PolicyError as error:
        raise PolicyError(f"{source}: {error}") from None


def _policy(table: Mapping[str, object]) -> Policy:
    for key in table:
        if key not in KEYS:
            raise PolicyError(f"{key}: not a key of a policy: write one of {', '.join(KEYS)}")
    return Policy(
        name=_text(table, "name"),
        version=_text(table, "version"),
        zone=_zone(table),
        service_end=_period(table, "service_end"),
        resumption=_period(table, "resumption"),
        erasure=_period(table, "erasure"),
        valid_from=_day(table, "valid_from"),
        valid_until=_day(table, "valid_until"),
    )


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    if isinstance(value, str):
        return value
    raise PolicyError(f"{key}: {_found(value)}: write text")


def _zone(table: Mapping[str, object]) -> ZoneInfo:
    key = _text(table, "zone")
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PolicyError(f"zone: {key!r}: write the name of a time zone, as in Asia/Tokyo") from None


def _period(table: Mapping[str, object], key: str) -> Period:
    value = table.get(key)
    if not isinstance(value, Mapping):
        raise PolicyError(f"{key}: {_found(value)}: write a table [{key}] with unit and count")
    try:
        return Period.from_mapping(value)
    except PeriodError as error:
        raise PolicyError(f"{key}: {error}") from None


def _day(table: Mapping[str, object], key: str) -> date | None:
    value = table.get(key)
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise PolicyError(f"{key}: {_found(value)}: write a date without quotes, as in 2024-03-01")


def _found(value: object) -> str:
    return "missing" if value is None else f"{value!r}"
