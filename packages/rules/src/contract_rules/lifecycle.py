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

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from contract_rules.instants import require_instant
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


TRANSITIONS: Final[Mapping[Status, Mapping[Action, Transition]]] = {
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
}
"""Which action leads from which status to which. A missing key is an illegal action."""

PERMITTED: Final[Mapping[Action, frozenset[Actor]]] = {
    Action.TERMINATE: frozenset({Actor.CONTRACTOR, Actor.OPERATOR}),
    Action.RESUME: frozenset({Actor.CONTRACTOR, Actor.OPERATOR}),
    Action.END_SERVICE: frozenset({Actor.SYSTEM}),
    Action.HOLD_ERASURE: frozenset({Actor.OPERATOR}),
    Action.RELEASE_ERASURE_HOLD: frozenset({Actor.OPERATOR}),
    Action.ERASE: frozenset({Actor.SYSTEM}),
}
"""Who may ask for which action, in every status."""


# Read through their class, members cost 70 ns each in Python 3.11: several times a comparison of instants.
ACTIVE, _, GONE = Status
IN_USE, RESUMABLE, RUNNING_OUT, SERVICE_ENDED, ERASURE_DUE, ERASED = Phase


class Application(NamedTuple):
    """利用終了の申請: one application to end the contract, with the dates that it was promised.

    Fields:
        number: the contract's n-th application, from 1. Numbers are never used again.
        requested_at: the instant at which it was accepted.
        timeline: what follows from it, as stored; a later policy never moves it.
    """

    number: int
    requested_at: datetime
    timeline: Timeline


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
        ValueError: the facts contradict each other, which only a defect in storing them can bring about; or the
            status is text, of which `Status(text)` makes one.
    """

    status: Status
    version: int
    applications: int
    application: Application | None
    service_ended: bool
    erasure_held: bool

    def __post_init__(self) -> None:
        """Refuse facts that no history can lead to."""
        if not isinstance(self.status, Status):
            raise ValueError(  # noqa: TRY004  # the text is right, and what it was to be made of is said
                f"status: {self.status!r}: write a Status, as in Status({self.status!r})"
            )
        if self.application is None:
            consistent = self.status is ACTIVE and not self.service_ended
        else:
            consistent = self.status is not ACTIVE and 1 <= self.application.number == self.applications
            if self.status is GONE:
                consistent = consistent and self.service_ended and not self.erasure_held
        if not consistent:
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
    application = facts.application
    if application is None or facts.status is GONE:
        _require_time(now)
        return IN_USE if application is None else ERASED
    timeline = application.timeline
    if not timeline.resumption.passed(now):
        return RESUMABLE
    if not timeline.service_end.passed(now):
        return RUNNING_OUT
    return ERASURE_DUE if timeline.erasure.passed(now) else SERVICE_ENDED


def service_available(facts: Facts, now: date) -> bool:
    """Whether members may use the service: while active, and until the service ends after an application.

    `now` is an instant, or today's date in the policy's zone.

    Raises:
        ValueError: `now` is a datetime without a UTC offset.

    >>> service_available(new_contract(), date(2024, 3, 1))
    True
    """
    if facts.application is None or facts.status is GONE:
        _require_time(now)
        return facts.application is None
    return not facts.application.timeline.service_end.passed(now)


def _require_time(now: date) -> None:
    if isinstance(now, datetime):
        require_instant(now)
