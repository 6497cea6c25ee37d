"""Decisions: what an action would do to a contract now, or why it is refused.

`decide` is a pure function of the facts and the present instant, with an answer for every combination. What
is to happen in the world comes back as data (`Effect`); the caller stores the new facts and carries the
effects out in one transaction. What the new facts imply is no effect: the registration of a contract that is
`ERASED` is erased, and deadlines are kept in the facts.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from contract_rules.completeness import complete
from contract_rules.facts import Application, Facts, application_under, no_facts
from contract_rules.instants import require_instant, require_moment
from contract_rules.lifecycle import PERMITTED, TRANSITIONS, Action, Actor, Condition, EventType, Status, Transition
from contract_rules.policy import Deadline, DeadlineKind, Policy, Timeline, require_policy


class Reason(StrEnum):
    """Why an action is refused. The names are stable."""

    ALREADY_TERMINATED = "ALREADY_TERMINATED"
    """An application is in force; asking again restarts no clock."""
    NOT_TERMINATED = "NOT_TERMINATED"
    """No application is in force that could be taken back or carried out."""
    RESUME_WINDOW_CLOSED = "RESUME_WINDOW_CLOSED"
    """The last day of resuming is over."""
    CONTRACT_ERASED = "CONTRACT_ERASED"
    """Erasure is final."""
    NOT_DUE_YET = "NOT_DUE_YET"
    """The instant of the end of service, or of erasure, has not come."""
    SERVICE_END_RECORDED = "SERVICE_END_RECORDED"
    """The end of service is in the history already."""
    ERASURE_ON_HOLD = "ERASURE_ON_HOLD"
    """An operator has placed a hold."""
    ACTOR_NOT_PERMITTED = "ACTOR_NOT_PERMITTED"
    """Another actor has to ask for this."""
    DATE_OUT_OF_RANGE = "DATE_OUT_OF_RANGE"
    """The calendar, or its list of holidays, ends before the deadlines would."""


# Read through their class, members cost several comparisons of instants in Python 3.11.
RESUME_WINDOW_CLOSED: Final = Reason.RESUME_WINDOW_CLOSED
NOT_DUE_YET: Final = Reason.NOT_DUE_YET
SERVICE_END_RECORDED: Final = Reason.SERVICE_END_RECORDED
ERASURE_ON_HOLD: Final = Reason.ERASURE_ON_HOLD
DATE_OUT_OF_RANGE: Final = Reason.DATE_OUT_OF_RANGE


class MailKind(StrEnum):
    """The mails that an action sends to the contractor."""

    TERMINATION_ACCEPTED = "TERMINATION_ACCEPTED"
    RESUMPTION_ACCEPTED = "RESUMPTION_ACCEPTED"


class RecordEvent(NamedTuple):
    """Add this to the contract's history; `application_number` is None where it belongs to no application."""

    type: EventType
    at: datetime
    actor: Actor
    application_number: int | None


class SendMail(NamedTuple):
    """Send this mail to the contractor."""

    kind: MailKind


Effect = RecordEvent | SendMail


class Granted(NamedTuple):
    """The action is possible: the facts after it, and what is to happen. No effects: nothing changed."""

    facts: Facts
    effects: tuple[Effect, ...]


class Refused(NamedTuple):
    """The action is not possible: why, who asked for what and when, and the dates that were promised.

    `timeline` is None where no application is in force.
    """

    reason: Reason
    action: Action
    actor: Actor
    at: datetime
    timeline: Timeline | None

    @property
    def deadline_kind(self) -> DeadlineKind:
        """Which of the three dates matters for this refusal.

        >>> instant = datetime.fromisoformat("2024-03-01T09:30+09:00")
        >>> Refused(Reason.NOT_DUE_YET, Action.ERASE, Actor.SYSTEM, instant, None).deadline_kind
        <DeadlineKind.ERASURE: 'erasure'>
        """
        return ALWAYS_CONCERNS[self.reason] or CONCERNS[self.action]

    @property
    def deadline(self) -> Deadline | None:
        """The date that matters for this refusal; None where no application is in force.

        >>> from contract_rules import decide, new_contract, shipped_policies
        >>> now = datetime.fromisoformat("2024-03-01T09:30+09:00")
        >>> policy = shipped_policies().in_force(now.date())
        >>> terminated = decide(policy, new_contract(), Action.TERMINATE, Actor.CONTRACTOR, now).facts
        >>> decide(policy, terminated, Action.ERASE, Actor.SYSTEM, now).deadline.last_day
        datetime.date(2024, 4, 15)
        """
        return None if self.timeline is None else self.timeline.deadline(self.deadline_kind)


Decision = Granted | Refused

CONCERNS: Final[Mapping[Action, DeadlineKind]] = complete(
    "CONCERNS",
    Action,
    {
        Action.TERMINATE: DeadlineKind.SERVICE_END,
        Action.RESUME: DeadlineKind.RESUMPTION,
        Action.END_SERVICE: DeadlineKind.SERVICE_END,
        Action.HOLD_ERASURE: DeadlineKind.ERASURE,
        Action.RELEASE_ERASURE_HOLD: DeadlineKind.ERASURE,
        Action.ERASE: DeadlineKind.ERASURE,
    },
)
"""Which date matters to an actor who asks for the action."""

ALWAYS_CONCERNS: Final[Mapping[Reason, DeadlineKind | None]] = complete(
    "ALWAYS_CONCERNS",
    Reason,
    {
        Reason.ALREADY_TERMINATED: None,
        Reason.NOT_TERMINATED: None,
        Reason.RESUME_WINDOW_CLOSED: None,
        Reason.CONTRACT_ERASED: DeadlineKind.ERASURE,
        Reason.NOT_DUE_YET: None,
        Reason.SERVICE_END_RECORDED: None,
        Reason.ERASURE_ON_HOLD: None,
        Reason.ACTOR_NOT_PERMITTED: None,
        Reason.DATE_OUT_OF_RANGE: None,
    },
)
"""Which date matters for a reason whatever was asked for; None where it is the action's."""

TERMINATION_MAIL: Final = SendMail(MailKind.TERMINATION_ACCEPTED)
RESUMPTION_MAIL: Final = SendMail(MailKind.RESUMPTION_ACCEPTED)

ILLEGAL: Final[Mapping[Status, Reason]] = complete(
    "ILLEGAL",
    Status,
    {
        Status.ACTIVE: Reason.NOT_TERMINATED,
        Status.TERMINATED: Reason.ALREADY_TERMINATED,
        Status.ERASED: Reason.CONTRACT_ERASED,
    },
)
"""Why an action that `TRANSITIONS` does not know in a status is refused there."""


def decide(policy: Policy, facts: Facts, action: Action, actor: Actor, now: datetime) -> Decision:
    """What becomes of the contract if that actor asks for that action at this instant.

    The policy is the one in force now; it gives a new application its dates and nothing else: the deadlines
    of an application already made are those stored with it.

    Raises:
        ValueError: `now` has no UTC offset, or an argument is not of its type.

    Source: おまかせログイン 利用マニュアル 利用終了編.

    >>> from contract_rules import new_contract, shipped_policies
    >>> now = datetime.fromisoformat("2024-03-01T09:30+09:00")
    >>> policy = shipped_policies().in_force(now.date())
    >>> granted = decide(policy, new_contract(), Action.TERMINATE, Actor.CONTRACTOR, now)
    >>> granted.facts.application.timeline.service_end.last_day
    datetime.date(2024, 3, 15)
    >>> decide(policy, granted.facts, Action.TERMINATE, Actor.CONTRACTOR, now).reason
    <Reason.ALREADY_TERMINATED: 'ALREADY_TERMINATED'>
    """
    if (
        type(policy) is not Policy
        or type(facts) is not Facts
        or type(action) is not Action
        or type(actor) is not Actor
        or type(now) is not datetime
        or now.tzinfo is not UTC
    ):  # then each by itself
        _require_types(policy, facts, actor, action)
        require_instant(now)
    rule = RULES[facts.status][actor][action]
    if isinstance(rule, Transition):
        reason = UNMET[rule.condition](policy, facts, now)
        if reason is None:
            return CARRY_OUT[action](rule, policy, facts, actor, now)
    else:
        reason = rule
    application = facts.application
    return Refused(reason, action, actor, now, None if application is None else application.timeline)


def available_actions(policy: Policy, facts: Facts, actor: Actor, now: date) -> tuple[Action, ...]:
    """The actions that `decide` grants that actor now, in the order of `Action`: which buttons to show.

    `now` is an instant, or today's date in the policy's zone.

    Raises:
        ValueError: `now` is a datetime without a UTC offset, or an argument is not of its type.

    >>> from contract_rules import new_contract, shipped_policies
    >>> today = date(2024, 3, 1)
    >>> available_actions(shipped_policies().in_force(today), new_contract(), Actor.CONTRACTOR, today)
    (<Action.TERMINATE: 'TERMINATE'>,)
    """
    if type(policy) is not Policy or type(facts) is not Facts or type(actor) is not Actor:
        _require_types(policy, facts, actor)
    available: tuple[Action, ...] = ()  # a comprehension over these four names takes twice as long
    for actions, unmet in OPEN[facts.status][actor]:
        if unmet(policy, facts, now) is None:
            available += actions
    return available


def _require_types(policy: object, facts: object, *asked: object) -> None:
    """Name the argument that is not of its type."""
    require_policy(policy)
    if not isinstance(facts, Facts):
        raise no_facts(facts)
    for value, choices in zip(asked, (Actor, Action), strict=False):
        if not isinstance(value, choices):
            names = ", ".join(f"{choices.__name__}.{choice}" for choice in choices)
            raise ValueError(f"{value!r} is not an {choices.__name__}: write one of {names}")  # noqa: TRY004  # as others


def _nothing_unmet(_policy: Policy, _facts: Facts, now: date) -> None:
    require_moment(now)


def _uncountable(policy: Policy, _facts: Facts, now: date) -> Reason | None:
    return None if policy.can_count_from(now) else DATE_OUT_OF_RANGE


def _window_closed(_policy: Policy, facts: Facts, now: date) -> Reason | None:
    application = facts.application
    if application is None or application.timeline.resumption.passed(now):
        return RESUME_WINDOW_CLOSED
    return None


def _no_service_end_to_record(_policy: Policy, facts: Facts, now: date) -> Reason | None:
    if facts.service_ended:
        return SERVICE_END_RECORDED
    application = facts.application
    if application is None or not application.timeline.service_end.passed(now):
        return NOT_DUE_YET
    return None


def _not_to_be_erased(_policy: Policy, facts: Facts, now: date) -> Reason | None:
    application = facts.application
    if application is None or not application.timeline.erasure.passed(now):
        return NOT_DUE_YET
    return ERASURE_ON_HOLD if facts.erasure_held else None


UNMET: Final[Mapping[Condition, Callable[[Policy, Facts, date], Reason | None]]] = complete(
    "UNMET",
    Condition,
    {
        Condition.NONE: _nothing_unmet,
        Condition.COUNTABLE: _uncountable,
        Condition.WINDOW_OPEN: _window_closed,
        Condition.SERVICE_OVER: _no_service_end_to_record,
        Condition.ERASURE_DUE: _not_to_be_erased,
    },
)
"""Why a condition of `TRANSITIONS` does not hold, if it does not."""

RULES: Final[Mapping[Status, Mapping[Actor, Mapping[Action, Transition | Reason]]]] = {
    status: {
        actor: {
            action: transitions.get(action, ILLEGAL[status])
            if actor in PERMITTED[action]
            else Reason.ACTOR_NOT_PERMITTED
            for action in Action
        }
        for actor in Actor
    }
    for status, transitions in TRANSITIONS.items()
}
"""`TRANSITIONS` and `PERMITTED` as one table: what a request leads to if the dates allow, or why it never can."""

OPEN: Final = {
    status: {
        actor: tuple(
            ((action,), UNMET[rule.condition]) for action, rule in rules.items() if isinstance(rule, Transition)
        )
        or (((), _nothing_unmet),)  # so that `now` is looked at
        for actor, rules in of_actors.items()
    }
    for status, of_actors in RULES.items()
}
"""The requests that `RULES` does not refuse, and the conditions of the dates."""


def _terminate(transition: Transition, policy: Policy, facts: Facts, actor: Actor, now: datetime) -> Granted:
    number = facts.applications + 1
    application = application_under(policy, number, now)
    return Granted(
        Facts(transition.target, facts.version + 1, number, application, False, facts.erasure_held),
        (RecordEvent(transition.event, now, actor, number), TERMINATION_MAIL),
    )


def _resume(transition: Transition, _policy: Policy, facts: Facts, actor: Actor, now: datetime) -> Granted:
    application = _in_force(facts)
    return Granted(
        Facts(transition.target, facts.version + 1, facts.applications, None, False, facts.erasure_held),
        (
            *_missed_service_end(facts, application, now),
            RecordEvent(transition.event, now, actor, application.number),
            RESUMPTION_MAIL,
        ),
    )


def _end_service(transition: Transition, _policy: Policy, facts: Facts, actor: Actor, _now: datetime) -> Granted:
    application = _in_force(facts)
    ended_at = application.timeline.service_end.at
    return Granted(
        Facts(transition.target, facts.version + 1, facts.applications, application, True, facts.erasure_held),
        (RecordEvent(transition.event, ended_at, actor, application.number),),
    )


def _erase(transition: Transition, _policy: Policy, facts: Facts, actor: Actor, now: datetime) -> Granted:
    application = _in_force(facts)
    return Granted(
        Facts(transition.target, facts.version + 1, facts.applications, application, True, False),
        (
            *_missed_service_end(facts, application, now),
            RecordEvent(transition.event, now, actor, application.number),
        ),
    )


def _missed_service_end(facts: Facts, application: Application, now: datetime) -> tuple[RecordEvent, ...]:
    """The end of service, at its deadline, if it has come and is not in the history yet.

    Whatever happens after it records it first, so that the history has it even if no job ever ran.
    """
    service_end = application.timeline.service_end
    if facts.service_ended or not service_end.passed(now):
        return ()
    return (RecordEvent(EventType.SERVICE_ENDED, service_end.at, Actor.SYSTEM, application.number),)


def _in_force(facts: Facts) -> Application:
    application = facts.application
    assert application is not None  # noqa: S101  # `UNMET` has looked
    return application


def _hold(transition: Transition, _policy: Policy, facts: Facts, actor: Actor, now: datetime) -> Granted:
    return _set_hold(transition, facts, True, actor, now)


def _release(transition: Transition, _policy: Policy, facts: Facts, actor: Actor, now: datetime) -> Granted:
    return _set_hold(transition, facts, False, actor, now)


def _set_hold(transition: Transition, facts: Facts, held: bool, actor: Actor, now: datetime) -> Granted:
    if facts.erasure_held is held:
        return Granted(facts, ())
    return Granted(
        replace(facts, version=facts.version + 1, erasure_held=held),
        (RecordEvent(transition.event, now, actor, None),),
    )


CARRY_OUT: Final[Mapping[Action, Callable[[Transition, Policy, Facts, Actor, datetime], Granted]]] = complete(
    "CARRY_OUT",
    Action,
    {
        Action.TERMINATE: _terminate,
        Action.RESUME: _resume,
        Action.END_SERVICE: _end_service,
        Action.HOLD_ERASURE: _hold,
        Action.RELEASE_ERASURE_HOLD: _release,
        Action.ERASE: _erase,
    },
)
"""What comes of a granted action, whatever the status it was granted in."""
