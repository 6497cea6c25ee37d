"""The lifecycle of a contract, from its start to the erasure of everything personal.

Theory. Three facts are stored as a contract's status: it is ACTIVE; an application to end it was accepted
(TERMINATED); its registered information is gone (ERASED). An action is a key of `TRANSITIONS`; what is not in
the table cannot be done, and `Transition.condition` says what the dates of the application must say besides.

Everything else follows from the dates and the present instant, and is therefore never stored: whether the
service can still be used, whether the contract can still be resumed, whether erasure is due. `phase` derives
it. A job that runs late, twice or not at all changes none of these answers; it only does the work that has
fallen due. Recording the end of service, and erasing, are such work: the system asks for them, the answer
before their instant is "not due yet", and neither is what ends the service or closes the window.

Intervals are half-open: a contract can be resumed while `now < resumption.at`, and is due for erasure from
`now >= erasure.at` on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self, assert_never

from contract_rules.completeness import complete
from contract_rules.instants import no_offset, require_instant
from contract_rules.policy import Timeline


class Status(StrEnum):
    """契約状態: the fact that is stored."""

    ACTIVE = "ACTIVE"
    TERMINATED = "TERMINATED"
    ERASED = "ERASED"


class Action(StrEnum):
    """What can be asked to happen to a contract."""

    TERMINATE = "TERMINATE"
    RESUME = "RESUME"
    END_SERVICE = "END_SERVICE"
    HOLD_ERASURE = "HOLD_ERASURE"
    RELEASE_ERASURE_HOLD = "RELEASE_ERASURE_HOLD"
    ERASE = "ERASE"


class Actor(StrEnum):
    """On whose behalf an action is asked for; an operator may also act for the contractor."""

    CONTRACTOR = "CONTRACTOR"
    OPERATOR = "OPERATOR"
    SYSTEM = "SYSTEM"


class EventType(StrEnum):
    """What a contract's history records. It carries nothing personal and survives erasure."""

    STARTED = "STARTED"
    TERMINATION_REQUESTED = "TERMINATION_REQUESTED"
    RESUMED = "RESUMED"
    SERVICE_ENDED = "SERVICE_ENDED"
    ERASURE_HELD = "ERASURE_HELD"
    ERASURE_HOLD_RELEASED = "ERASURE_HOLD_RELEASED"
    ERASED = "ERASED"


class Phase(StrEnum):
    """Where a contract stands at an instant: derived, never stored."""

    IN_USE = "IN_USE"
    """No application is in force."""
    RESUMABLE = "RESUMABLE"
    """The application can still be taken back."""
    RUNNING_OUT = "RUNNING_OUT"
    """It cannot, and the service can still be used: only under a policy whose window closes before that."""
    SERVICE_ENDED = "SERVICE_ENDED"
    """Neither; the data is still kept."""
    ERASURE_DUE = "ERASURE_DUE"
    """The data is kept no longer than it takes to erase it, or than a hold lasts."""
    ERASED = "ERASED"
    """Only a record without personal data remains."""


class Condition(StrEnum):
    """What the dates of the application, and the present instant, must say for a transition."""

    NONE = "always"
    COUNTABLE = "up to the year 9999"
    WINDOW_OPEN = "before `resumption.at`"
    SERVICE_OVER = "from `service_end.at` on, once"
    ERASURE_DUE = "from `erasure.at` on, unless held"


class Transition(NamedTuple):
    """What an action leads to, what it needs, and what the history records of it."""

    target: Status
    condition: Condition
    event: EventType


TRANSITIONS: Final[Mapping[Status, Mapping[Action, Transition]]] = complete(
    "TRANSITIONS",
    Status,
    {
        Status.ACTIVE: {
            Action.TERMINATE: Transition(Status.TERMINATED, Condition.COUNTABLE, EventType.TERMINATION_REQUESTED),
            Action.HOLD_ERASURE: Transition(Status.ACTIVE, Condition.NONE, EventType.ERASURE_HELD),
            Action.RELEASE_ERASURE_HOLD: Transition(Status.ACTIVE, Condition.NONE, EventType.ERASURE_HOLD_RELEASED),
        },
        Status.TERMINATED: {
            Action.RESUME: Transition(Status.ACTIVE, Condition.WINDOW_OPEN, EventType.RESUMED),
            Action.END_SERVICE: Transition(Status.TERMINATED, Condition.SERVICE_OVER, EventType.SERVICE_ENDED),
            Action.HOLD_ERASURE: Transition(Status.TERMINATED, Condition.NONE, EventType.ERASURE_HELD),
            Action.RELEASE_ERASURE_HOLD: Transition(Status.TERMINATED, Condition.NONE, EventType.ERASURE_HOLD_RELEASED),
            Action.ERASE: Transition(Status.ERASED, Condition.ERASURE_DUE, EventType.ERASED),
        },
        Status.ERASED: {},
    },
)
"""Which action leads from which status to which. A missing key is an illegal action."""

PERMITTED: Final[Mapping[Action, frozenset[Actor]]] = complete(
    "PERMITTED",
    Action,
    {
        Action.TERMINATE: frozenset({Actor.CONTRACTOR, Actor.OPERATOR}),
        Action.RESUME: frozenset({Actor.CONTRACTOR, Actor.OPERATOR}),
        Action.END_SERVICE: frozenset({Actor.SYSTEM}),
        Action.HOLD_ERASURE: frozenset({Actor.OPERATOR}),
        Action.RELEASE_ERASURE_HOLD: frozenset({Actor.OPERATOR}),
        Action.ERASE: frozenset({Actor.SYSTEM}),
    },
)
"""Who may ask for which action, in every status."""


# Read through their class, members cost 70 ns each in Python 3.11: several times a comparison of instants.
ACTIVE: Final = Status.ACTIVE
TERMINATED: Final = Status.TERMINATED
ERASED: Final = Status.ERASED
IN_USE: Final = Phase.IN_USE
RESUMABLE: Final = Phase.RESUMABLE
RUNNING_OUT: Final = Phase.RUNNING_OUT
SERVICE_ENDED: Final = Phase.SERVICE_ENDED
ERASURE_DUE: Final = Phase.ERASURE_DUE

MOST_DAYS_APART: Final = 2
"""Between the dates that two zones show at one instant."""


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
        ValueError: a field is not of its type, the instant falls on the timeline's date in no zone, or a deadline
            had passed by then.
    """

    __slots__ = ()

    def __new__(cls, number: int, requested_at: datetime, timeline: Timeline) -> Self:
        """Refuse an instant and dates that do not belong together."""
        try:
            belong_together = (
                type(number) is int
                and number >= 1
                and isinstance(timeline, Timeline)
                and -MOST_DAYS_APART <= requested_at.toordinal() - timeline.requested_on.toordinal() <= MOST_DAYS_APART
                and requested_at < timeline.service_end.instant
                and requested_at < timeline.resumption.instant
            )
        except (AttributeError, TypeError):  # not an instant
            belong_together = False
        if not belong_together:
            raise ValueError(_fault(number, requested_at, timeline))
        return tuple.__new__(cls, (number, requested_at, timeline))

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> Self:  # type: ignore[override]  # written for `cls` of any tuple type
        """As the constructor, which `_replace` would pass by."""
        return cls(*iterable)


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
    if abs(requested_at.toordinal() - timeline.requested_on.toordinal()) > MOST_DAYS_APART:
        wrong = f"{timeline.requested_on} is the date of {requested_at.isoformat()} in no zone"
    else:
        wrong = f"a deadline of {timeline} had passed at {requested_at.isoformat()}, when it was applied for"
    return f"{wrong}: write the dates that follow from this application"


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
        ValueError: the facts contradict each other, which only a defect in storing them can bring about; or a
            field is not of its type, such as a status that is text, of which `Status(text)` makes one.
    """

    status: Status
    version: int
    applications: int
    application: Application | None
    service_ended: bool
    erasure_held: bool

    def __post_init__(self) -> None:
        """Refuse facts that no history can lead to."""
        status, application, ended, held = self.status, self.application, self.service_ended, self.erasure_held
        if not (
            type(self.version) is type(self.applications) is int
            and type(ended) is type(held) is bool
            and (application is None or isinstance(application, Application))
        ):
            raise ValueError(f"these facts are not of their types: {self}")
        if status is ACTIVE:
            consistent = application is None and not ended
        elif status is TERMINATED:
            consistent = application is not None and application.number == self.applications
        elif status is ERASED:
            consistent = application is not None and application.number == self.applications and ended and not held
        elif isinstance(status, Status):
            assert_never(status)
        else:
            raise ValueError(f"status: {status!r}: write a Status, as in Status({status!r})")
        if not consistent or self.version < 1 or self.applications < 0:
            raise ValueError(f"these facts contradict each other: {self}")


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


def phase(facts: Facts, now: date) -> Phase:
    """Where the contract stands: `now` is an instant, or today's date in the policy's zone.

    Raises:
        ValueError: `now` is a datetime without a UTC offset.

    >>> phase(new_contract(), date(2024, 3, 1))
    <Phase.IN_USE: 'IN_USE'>
    """
    status, application = facts.status, facts.application
    if status is TERMINATED:
        assert application is not None  # noqa: S101  # `Facts` has looked
        timeline = application.timeline
        if not timeline.resumption.passed(now):
            return RESUMABLE
        if not timeline.service_end.passed(now):
            return RUNNING_OUT
        return ERASURE_DUE if timeline.erasure.passed(now) else SERVICE_ENDED
    _require_time(now)
    if status is ACTIVE:
        return IN_USE
    if status is ERASED:
        return Phase.ERASED
    assert_never(status)


def service_available(facts: Facts, now: date) -> bool:
    """Whether members may use the service: while active, and until the service ends after an application.

    `now` is an instant, or today's date in the policy's zone.

    Raises:
        ValueError: `now` is a datetime without a UTC offset.

    >>> service_available(new_contract(), date(2024, 3, 1))
    True
    """
    status, application = facts.status, facts.application
    if status is TERMINATED:
        assert application is not None  # noqa: S101  # `Facts` has looked
        return not application.timeline.service_end.passed(now)
    _require_time(now)
    if status is ACTIVE:
        return True
    if status is ERASED:
        return False
    assert_never(status)


def _require_time(now: date) -> None:
    if isinstance(now, datetime):
        require_instant(now)
