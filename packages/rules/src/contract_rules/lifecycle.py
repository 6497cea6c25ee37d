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
from enum import StrEnum
from typing import Final, NamedTuple

from contract_rules.completeness import complete


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
    REGISTRATION_CHANGED = "REGISTRATION_CHANGED"
    MEMBERS_REMOVED = "MEMBERS_REMOVED"
    ERASURE_DUE = "ERASURE_DUE"


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
