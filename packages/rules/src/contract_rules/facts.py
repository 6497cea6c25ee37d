"""Facts: what is stored of a contract, as far as the rules need it, refused where it contradicts itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple, Self, assert_never
from zoneinfo import ZoneInfo

from contract_rules.instants import CLOCKS_MAY_MOVE, local_time, no_offset
from contract_rules.lifecycle import Status
from contract_rules.policy import Deadline, DeadlineKind, Policy, Timeline, require_policy

# Read through their class, members cost 70 ns each in Python 3.11: several times a comparison of instants.
ACTIVE: Final = Status.ACTIVE
TERMINATED: Final = Status.TERMINATED
ERASED: Final = Status.ERASED


class _Application(NamedTuple):
    """The fields of an application."""

    number: int
    requested_at: datetime
    timeline: Timeline


class Application(_Application):
    """利用終了の申請: one application to end the contract, with the dates that it was promised.

    Fields:
        number: the contract's n-th application, from 1. Numbers are never used again.
        requested_at: the instant at which it was accepted.
        timeline: what follows from it, as stored; a later policy never moves it.

    Raises:
        ValueError: a field is not of its type, the instant does not fall on the timeline's date in its zone, or a
            deadline had passed by then.
    """

    __slots__ = ()

    def __new__(cls, number: int, requested_at: datetime, timeline: Timeline) -> Self:
        """Refuse an instant and dates that do not belong together."""
        try:
            belong_together = (
                type(number) is int
                and number >= 1
                and isinstance(timeline, Timeline)
                and requested_at < timeline.service_end.instant
                and requested_at < timeline.resumption.instant
                and (
                    requested_at.astimezone(timeline.zone).toordinal() == timeline.requested_on.toordinal()
                    or _falls_on(timeline.requested_on, timeline.zone, requested_at)
                )
            )
        except (AttributeError, OverflowError, TypeError):  # not an instant; near the ends of the calendar
            belong_together = False
        if not belong_together:
            raise ValueError(_fault(number, requested_at, timeline))
        return tuple.__new__(cls, (number, requested_at, timeline))

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> Self:  # type: ignore[override]  # written for `cls` of any tuple type
        """As the constructor, which `_replace` would pass by."""
        return cls(*iterable)


def application_under(policy: Policy, number: int, requested_at: datetime) -> Application:
    """An application with the dates that the policy gives it, which need no check that they belong to its instant.

    >>> from contract_rules import shipped_policies
    >>> applied = datetime.fromisoformat("2024-03-01T09:30+09:00")
    >>> application_under(shipped_policies().in_force_at(applied), 1, applied).timeline.erasure.last_day
    datetime.date(2024, 4, 15)
    """
    return tuple.__new__(Application, (number, requested_at, policy.timeline(requested_at)))


def _falls_on(day: date, zone: ZoneInfo, instant: datetime) -> bool:
    """Whether it was that day in the zone, by its clocks then or now."""
    earliest, latest = (local_time(instant + step, zone).date() for step in (-CLOCKS_MAY_MOVE, CLOCKS_MAY_MOVE))
    return earliest <= day <= latest


def _fault(number: object, requested_at: object, timeline: object) -> str:
    """What is wrong with the fields of an application."""
    if type(number) is not int or number < 1:
        return f"number is {number!r}: write a whole number of 1 or more"
    if not isinstance(timeline, Timeline):
        return f"timeline is {timeline!r}: write a Timeline"
    if not isinstance(requested_at, datetime):
        return f"requested_at is {requested_at!r}: write an instant"
    if requested_at.utcoffset() is None:
        return str(no_offset(requested_at))
    for kind in DeadlineKind:
        if timeline.deadline(kind).passed(requested_at):
            return (
                f"{kind}: {timeline.deadline(kind).last_day} was over at {requested_at.isoformat()}, when it was "
                "applied for: write the dates that follow from this application"
            )
    local = local_time(requested_at, timeline.zone)
    return (
        f"requested_at is {local.isoformat()} in {timeline.zone.key}, and requested_on is {timeline.requested_on}: "
        "write the instant and the date of the same application"
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """What is stored of a contract, as far as the rules need it.

    Fields:
        status: 契約状態.
        version: grows by 1 with every change.
        applications: how many applications were ever made.
        application: the one in force; None while ACTIVE.
        service_ended: whether the end of service was recorded for the application in force.
        erasure_held: whether an operator keeps the data from being erased.

    Raises:
        ValueError: a field is not of its type, such as a status that is text, of which `Status(text)` makes one; or
            the facts contradict each other, which only a defect in storing them can bring about.
    """

    status: Status
    version: int
    applications: int
    application: Application | None
    service_ended: bool
    erasure_held: bool

    def __post_init__(self) -> None:
        """Refuse facts that no history can lead to."""
        status, version, applications, application = self.status, self.version, self.applications, self.application
        ended, held = self.service_ended, self.erasure_held
        if not (
            type(version) is type(applications) is int
            and version >= 1
            and applications >= 0
            and type(ended) is type(held) is bool
            and (application is None or isinstance(application, Application))
            and type(status) is Status
        ):
            raise ValueError(_first_fault(self, WRONG_TYPES))
        if status is ACTIVE:
            consistent = application is None and not ended
        elif status is TERMINATED:
            consistent = application is not None and application.number == applications
        elif status is ERASED:
            consistent = application is not None and application.number == applications and ended and not held
        else:
            assert_never(status)
        if not consistent:
            raise ValueError(_first_fault(self, CONTRADICTIONS))


Faults = tuple[tuple[Callable[[Facts], bool], str], ...]
"""What can be wrong with facts, and how to say so."""

WRONG_TYPES: Final[Faults] = (
    (
        lambda facts: not isinstance(facts.status, Status),
        f"status is {{0.status!r}}: write a Status: {', '.join(map(str, Status))}",
    ),
    (
        lambda facts: type(facts.version) is not int or facts.version < 1,
        "version is {0.version!r}: write a whole number of 1 or more",
    ),
    (
        lambda facts: type(facts.applications) is not int or facts.applications < 0,
        "applications is {0.applications!r}: write a whole number of 0 or more",
    ),
    (
        lambda facts: facts.application is not None and not isinstance(facts.application, Application),
        "application is {0.application!r}: write an Application, or None",
    ),
    (lambda facts: type(facts.service_ended) is not bool, "service_ended is {0.service_ended!r}: write True or False"),
    (lambda facts: type(facts.erasure_held) is not bool, "erasure_held is {0.erasure_held!r}: write True or False"),
)
CONTRADICTIONS: Final[Faults] = (
    (
        lambda facts: facts.status is ACTIVE and facts.application is not None,
        "status is ACTIVE, and application is {0.application}: write application None, or another status",
    ),
    (
        lambda facts: facts.status is ACTIVE and facts.service_ended,
        "status is ACTIVE, and service_ended is True: write False, which becomes True after an application",
    ),
    (
        lambda facts: facts.status is not ACTIVE and facts.application is None,
        "status is {0.status}, and application is None: write the Application, or status ACTIVE",
    ),
    (
        lambda facts: facts.application is not None and facts.application.number != facts.applications,
        (
            "applications is {0.applications}, and the application in force has number {0.application.number}: "
            "write the number of the last one as both"
        ),
    ),
    (
        lambda facts: facts.status is ERASED and not facts.service_ended,
        "status is ERASED, and service_ended is False: write True, because the service ends before the erasure",
    ),
    (
        lambda facts: facts.status is ERASED and facts.erasure_held,
        "status is ERASED, and erasure_held is True: write False, because nothing is left to hold",
    ),
)


def _first_fault(facts: Facts, faults: Faults) -> str:
    return next(message for is_wrong, message in faults if is_wrong(facts)).format(facts)


def new_contract() -> Facts:
    """The facts of a contract that has just started.

    >>> new_contract().status
    <Status.ACTIVE: 'ACTIVE'>
    """
    return Facts(
        status=Status.ACTIVE,
        version=1,
        applications=0,
        application=None,
        service_ended=False,
        erasure_held=False,
    )


def facts_of(
    status: Status,
    policy: Policy,
    requested_at: datetime | None = None,
    *,
    service_end: date | None = None,
    resumption: date | None = None,
    erasure: date | None = None,
    erasure_held: bool = False,
) -> Facts:
    """The facts of a contract of which another service knows its status, the application in force, and its dates.

    The dates are the last days that were promised, in the policy's zone; each that is left out is the policy's. What
    such a service does not know is taken to be as in a contract with no other history: its version, and earlier
    applications.

    Raises:
        ValueError: what is known contradicts itself, or is not of its type.
        DateOutOfRange: a date lies outside the years 1 to 9999.

    >>> from contract_rules import shipped_policies
    >>> applied = datetime.fromisoformat("2024-03-01T09:30+09:00")
    >>> policy = shipped_policies().in_force_at(applied)
    >>> facts = facts_of(Status.TERMINATED, policy, applied, erasure=date(2024, 4, 30))
    >>> [deadline.last_day.isoformat() for deadline in facts.application.timeline[4:]]
    ['2024-03-15', '2024-03-15', '2024-04-30']
    """
    require_policy(policy)
    last_days = {"service_end": service_end, "resumption": resumption, "erasure": erasure}
    known: dict[str, Any] = {
        name: Deadline.of_last_day(day, policy.zone) for name, day in last_days.items() if day is not None
    }
    if known and requested_at is None:
        raise ValueError(f"{', '.join(known)} without requested_at: write the instant of the application in force")
    application = None
    if requested_at is not None:
        application = Application(1, requested_at, policy.timeline(requested_at)._replace(**known))
    return Facts(
        status=status,
        version=1 if application is None else 2,
        applications=0 if application is None else 1,
        application=application,
        service_ended=status is ERASED,
        erasure_held=erasure_held,
    )


def no_facts(facts: object) -> ValueError:
    """The error for what is not the facts of a contract.

    >>> no_facts(("ACTIVE", 1))
    ValueError('a tuple is not facts: write Facts, as facts_of and facts_from_json make them')
    """
    return ValueError(f"a {type(facts).__name__} is not facts: write Facts, as facts_of and facts_from_json make them")
