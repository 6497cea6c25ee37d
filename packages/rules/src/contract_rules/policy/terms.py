"""The terms of a policy: three periods, which dates follow from an application, and whether they make sense."""

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from datetime import MINYEAR, date, datetime
from functools import lru_cache
from typing import Any, Final, assert_never
from zoneinfo import ZoneInfo

from contract_rules.calendars import LAST_ORDINAL, HolidaysUnknown
from contract_rules.instants import MIDNIGHT, DateOutOfRange, local_time, require_date, require_moment
from contract_rules.periods import Direction, FirstDay, Period, Unit
from contract_rules.policy.fingerprint import NOT_A_TERM, fingerprint_of, terms_of
from contract_rules.policy.order import A_CYCLE_BEGINS, LONGEST, Dates, dates_for_all, day_out_of_order
from contract_rules.policy.timeline import (
    ERASURE,
    RESUMPTION,
    SERVICE_END,
    Deadline,
    DeadlineKind,
    Timeline,
    early_deadline,
    early_erasure,
)
from contract_rules.vocabulary import INCLUDED

MOST_YEARS_OF_HOLIDAYS: Final = 20
OWN_DAY = Period(Unit.DAY, 1, FirstDay.INCLUDE)
"""The period that ends with the day of the application."""


class PolicyError(ValueError):
    """A policy that cannot be meant; the message names the file, the key and what was expected."""


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
        source: the file that it was read from, for messages.

    Raises:
        PolicyError: a period runs backward or for more than 20 years, the validity is empty, there is no date of
            application for which all holidays are listed, or for some date of application a deadline would precede
            it, or the data would be erased before the service ends or while the contract can still be resumed.
    """

    name: str
    version: str
    zone: ZoneInfo
    service_end: Period
    resumption: Period
    erasure: Period
    valid_from: date | None = field(default=None, metadata=NOT_A_TERM)
    valid_until: date | None = field(default=None, metadata=NOT_A_TERM)
    source: str = field(default="policy", kw_only=True, repr=False, compare=False, metadata=NOT_A_TERM)
    earliest: date = field(init=False, repr=False, compare=False)
    """The first date of application whose deadlines can be computed: the holidays are listed."""
    horizon: date = field(init=False, repr=False, compare=False)
    """The last one: the holidays are listed, and the calendar can express the deadlines."""
    minds_midnight: bool = field(init=False, repr=False, compare=False)
    """Whether an application at 00:00:00 exactly is counted from its own day by any of the periods."""

    def __post_init__(self) -> None:
        """Refuse terms that contradict each other on any date of application."""
        self._check_names()
        self._check_directions()
        self._check_validity()
        self._check_lengths()
        self._set_dates_of_application()
        included = [INCLUDED[self.period(kind).first_day] for kind in DeadlineKind]
        object.__setattr__(self, "minds_midnight", None in included)
        dates = self._dates_to_check()
        for kind in DeadlineKind:
            self._check_order(kind, dates)

    def __hash__(self) -> int:
        """By name and version, which tell policies apart, and quickly: deadlines are remembered by policy."""
        return hash((self.name, self.version))

    @property
    def terms(self) -> dict[str, Any]:
        """All that dates and their explanations follow from, in the types of JSON, without what is at its default.

        The validity is no term: it says which applications fall under the policy, and moves no date of one that
        was made. It has to stay open to change, because the next version begins where this one ends.

        >>> from contract_rules import shipped_policies
        >>> shipped_policies().version("omakase-login", "1.0").terms["erasure"]
        {'unit': 'day', 'count': 45}
        """
        return terms_of(self)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the terms: the same wherever and whenever it is computed, another one for any other terms.

        >>> from contract_rules import shipped_policies
        >>> shipped_policies().version("omakase-login", "1.0").fingerprint[:16]
        '4eb9798d4429499d'
        """
        return fingerprint_of(self.terms)

    def period(self, kind: DeadlineKind) -> Period:
        """The rule by which that deadline is counted.

        >>> from contract_rules import shipped_policies
        >>> shipped_policies().version("omakase-login", "1.0").period(DeadlineKind.ERASURE).count
        45
        """
        if kind is SERVICE_END:
            return self.service_end
        if kind is RESUMPTION:
            return self.resumption
        if kind is ERASURE:
            return self.erasure
        assert_never(kind)

    def in_force_on(self, day: date) -> bool:
        """Whether an application made on that date falls under this policy.

        Raises:
            ValueError: the day is a datetime, of which `local_date` gives the date.

        >>> from contract_rules import shipped_policies
        >>> shipped_policies().version("omakase-login", "1.0").in_force_on(date(1999, 12, 31))
        True
        """
        require_date(day, "ask local_date for the date of an instant")
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day < self.valid_until
        )

    def local_date(self, instant: datetime) -> date:
        """申請日: the calendar date, in the policy's zone, of that instant.

        Raises:
            ValueError: the instant has no UTC offset.
            DateOutOfRange: the date lies outside the years 1 to 9999.

        >>> from contract_rules import shipped_policies
        >>> policy = shipped_policies().version("omakase-login", "1.0")
        >>> policy.local_date(datetime.fromisoformat("2024-03-01T15:00+00:00"))
        datetime.date(2024, 3, 2)
        """
        return local_time(instant, self.zone).date()

    def timeline(self, requested_at: datetime) -> Timeline:
        """The dates that an application accepted at that instant is promised.

        Raises:
            ValueError: the instant has no UTC offset.
            DateOutOfRange: a date lies outside the years 1 to 9999, or its holidays are not listed (HolidaysUnknown).

        Source: おまかせログイン 利用マニュアル 利用終了編 1 and 2.

        >>> from contract_rules import shipped_policies
        >>> policy = shipped_policies().version("omakase-login", "1.0")
        >>> timeline = policy.timeline(datetime.fromisoformat("2024-03-01T00:00:00+09:00"))
        >>> timeline.resumption.last_day, timeline.erasure.at.isoformat()
        (datetime.date(2024, 3, 15), '2024-04-16T00:00:00+09:00')
        """
        local = local_time(requested_at, self.zone)
        return promised_on(self, local.date(), self.minds_midnight and local.time() == MIDNIGHT)

    def timeline_on(self, day: date) -> Timeline:
        """The dates that would follow from an application on that day: for a confirmation screen.

        Raises:
            ValueError: the day is a datetime, which `timeline` takes.
            DateOutOfRange: as `timeline`.

        >>> from contract_rules import shipped_policies
        >>> shipped_policies().in_force(date(2024, 2, 15)).timeline_on(date(2024, 2, 15)).service_end.last_day
        datetime.date(2024, 2, 29)
        """
        require_date(day, "ask timeline for the dates that follow an instant")
        return promised_on(self, day, False)

    def can_count_from(self, now: date) -> bool:
        """Whether the deadlines of an application made then can be computed.

        `now` is an instant, or today's date in the policy's zone.

        Raises:
            ValueError: `now` is a datetime without a UTC offset.

        >>> from contract_rules import shipped_policies
        >>> shipped_policies().version("omakase-login", "1.0").can_count_from(date(9999, 12, 1))
        False
        """
        require_moment(now)
        if self.earliest.year < now.year < self.horizon.year:
            return True
        try:
            day = self.local_date(now) if isinstance(now, datetime) else now
        except DateOutOfRange:
            return False
        return self.earliest <= day <= self.horizon

    def _check_names(self) -> None:
        for key in ("name", "version"):
            if not getattr(self, key).strip():
                raise PolicyError(f"{key} is empty: write the text by which applications find their terms again")

    def _check_directions(self) -> None:
        for kind in DeadlineKind:
            if self.period(kind).direction is not Direction.FORWARD:
                raise PolicyError(f"{kind}: its last day lies before the application: write direction forward")

    def _check_validity(self) -> None:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise PolicyError(
                f"valid_until: {self.valid_until} is the first day without this policy: "
                f"write a date after valid_from, {self.valid_from}"
            )

    def _check_lengths(self) -> None:
        for kind in DeadlineKind:
            period = self.period(kind)
            if not period.lists_holidays and not _lasts_at_most(period, LONGEST):
                raise PolicyError(f"{kind}: the period lasts more than {LONGEST} years: write less")

    def _check_order(self, kind: DeadlineKind, dates: tuple[Dates, ...]) -> None:
        """Refuse what a `Timeline` refuses: a deadline before its application, or after the erasure."""
        for at_midnight in (False, True):
            period = _as_counted(self.period(kind), at_midnight=at_midnight)
            erasure = _as_counted(self.erasure, at_midnight=at_midnight)
            day = day_out_of_order(OWN_DAY, period, dates)
            if day is not None:
                raise PolicyError(early_deadline(day, kind, period.last_day(day)))
            day = day_out_of_order(period, erasure, dates)
            if day is not None:
                raise PolicyError(early_erasure(day, kind, period.last_day(day), erasure.last_day(day)))

    def _dates_to_check(self) -> tuple[Dates, ...]:
        """The dates of application whose order is that of all."""
        periods = [self.period(kind) for kind in DeadlineKind]
        if not any(period.lists_holidays for period in periods):
            return dates_for_all(periods)
        if self.horizon.year - self.earliest.year > MOST_YEARS_OF_HOLIDAYS:
            raise PolicyError(
                f"holidays are said to be complete for applications from {self.earliest} to {self.horizon}: write "
                f"those of at most {MOST_YEARS_OF_HOLIDAYS} years"
            )
        return ((self.earliest, self.horizon),)

    def _set_dates_of_application(self) -> None:
        ordinals = range(1, LAST_ORDINAL + 1)
        first, beyond = (bisect_left(ordinals, outcome, key=self._outcome) for outcome in (0, 1))
        if first == beyond:
            raise PolicyError(
                "there is no date of application for which all holidays are listed: "
                "write holidays that cover the longest period"
            )
        object.__setattr__(self, "earliest", date.fromordinal(first + 1))
        object.__setattr__(self, "horizon", date.fromordinal(beyond))

    def _outcome(self, ordinal: int) -> int:
        """-1 where that date of application is too early for the deadlines to be computed, 1 where too late, else 0."""
        day = date.fromordinal(ordinal)
        outcomes = {_outcome_of(self.period(kind), day) for kind in DeadlineKind}
        return -1 if -1 in outcomes else max(outcomes)


def _outcome_of(period: Period, day: date) -> int:
    try:
        last_days = {period.last_day(event) for event in (day, datetime.combine(day, MIDNIGHT))}
        return int(date.max in last_days)  # which has no end
    except HolidaysUnknown as error:
        return -1 if error.too_early else 1
    except DateOutOfRange:
        return -1 if day.year == MINYEAR else 1


def _lasts_at_most(period: Period, years: int) -> bool:
    try:
        return period.last_day(A_CYCLE_BEGINS).year - A_CYCLE_BEGINS.year <= years
    except DateOutOfRange:
        return False


@lru_cache(maxsize=1024)
def promised_on(policy: Policy, day: date, at_midnight: bool) -> Timeline:
    """What a day's applications are promised: the same for all, but that midnight may count its own day."""
    event = datetime.combine(day, MIDNIGHT) if at_midnight else day
    service_end, resumption, erasure = (
        Deadline.of_last_day(policy.period(kind).last_day(event), policy.zone) for kind in DeadlineKind
    )
    return Timeline(day, policy.name, policy.version, policy.zone, service_end, resumption, erasure)


def require_policy(policy: object) -> None:
    """Insist on a policy.

    Raises:
        ValueError: it is something else, such as the registry that has it.

    >>> require_policy("omakase-login")
    Traceback (most recent call last):
    ...
    ValueError: a str is not a policy: write the one that in_force_at or version of a registry gives
    """
    if not isinstance(policy, Policy):
        raise ValueError(  # noqa: TRY004  # the caller's mistake, like every other
            f"a {type(policy).__name__} is not a policy: write the one that in_force_at or version of a registry gives"
        )


def _as_counted(period: Period, *, at_midnight: bool) -> Period:
    """The same period for an application at 00:00:00 exactly, or at any other time."""
    if INCLUDED[period.first_day] is not None:
        return period
    return replace(period, first_day=FirstDay.INCLUDE if at_midnight else FirstDay.EXCLUDE)
