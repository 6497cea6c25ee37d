"""Could everybody who asked something of one contract have asked one after the other, and seen the same?

In general that question has to search through all orders. Here it does not: each reply says which version of the
contract it is about and at which instant it was judged, so that the replies order themselves. What remains to be asked
is whether that order is a true one: the pure rules, replayed from a new contract on, give every reply exactly as it
was given; nobody is ordered before somebody whose reply they could have known; and what is stored in the end, and what
was sent, is what the rules lead to, no more and no less.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from contract_rules import (
    Action,
    Actor,
    Decision,
    Facts,
    Granted,
    MailKind,
    Policy,
    Reason,
    RecordEvent,
    Refused,
    SendMail,
    Status,
    decide,
    new_contract,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody was told: the contract as it was judged, or as it became, and what stood in the way."""

    facts: Facts
    at: datetime
    refused: Reason | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that was asked, between two instants of the asker's own clock, and the reply."""

    action: Action
    actor: Actor
    invoked: float
    returned: float
    reply: Reply
    key: str | None = None
    expected_version: int | None = None

    @property
    def version(self) -> int:
        return self.reply.facts.version


@dataclass(frozen=True, slots=True)
class Act:
    """Something that the system did by itself, and when, as its traces in the database say."""

    action: Action
    at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """What the product has kept of it all: the contract, its history, the system's own acts, the mails it sent.

    `facts` is None where what is stored contradicts itself.
    """

    facts: Facts | None
    events: list[RecordEvent]
    acts: list[Act]
    mails: list[tuple[int, MailKind]]  # by the version that each tells of


class Flaw(StrEnum):
    """What no system can show that does one thing after the other, as the rules say."""

    TWO_ANSWERS = "one key was given two answers"
    ANOTHER_DECISION = "the rules decide otherwise"
    BACKWARDS = "it was judged by an earlier instant than the version before it"
    OUT_OF_ORDER = "it does not know of what had been answered before it was asked"
    NOT_KEPT = "the contract is not kept as the last reply says"
    EVENTS = "the history is not what happened"
    MAIL_MISSING = "a mail that is owed was not sent"
    MAIL_TWICE = "a mail was sent more often than it is owed"
    MAILS_OUT_OF_ORDER = "mails were sent in another order than that of what they tell of"


@dataclass(frozen=True, slots=True)
class Finding:
    """A flaw, and where it shows."""

    flaw: Flaw
    where: str


def check(operations: Iterable[Operation], kept: Kept, policy: Policy) -> list[Finding]:
    """What is wrong with this history of one contract, which began as a new one. Nothing: it is linearizable."""
    first_answers, twice = _one_answer_a_key(operations)
    order = sorted(first_answers, key=lambda each: (each.version, each.reply.at, each.invoked))
    replay = Replay(policy, deque(kept.acts))
    return [*twice, *_out_of_order(order), *replay.replies(order), *replay.what_is_kept(kept)]


def _one_answer_a_key(operations: Iterable[Operation]) -> tuple[list[Operation], list[Finding]]:
    """Each thing that was asked, once: it was done by the time of the first reply, whoever else asked with its key.

    An erasure forgets keys and answers: whoever asks afterwards is told so, and asks something of their own.
    """
    asked, by_key = [], defaultdict(list)
    for each in operations:
        if each.key is None or each.reply.facts.status is Status.ERASED:
            asked.append(each)
        else:
            by_key[each.key].append(each)
    findings = []
    for key, same in by_key.items():
        first = min(same, key=lambda each: each.returned)
        asked.append(replace(first, invoked=min(each.invoked for each in same)))
        findings += [
            Finding(Flaw.TWO_ANSWERS, f"{key}: {_told(first)}, then {_told(each)}")
            for each in same
            if each.reply != first.reply
        ]
    return asked, findings


def _out_of_order(order: list[Operation]) -> Iterator[Finding]:
    """Those that had their reply before somebody asked who comes earlier in the order."""
    latest: Operation | None = None
    for each in order:
        if latest and each.returned < latest.invoked:
            yield Finding(Flaw.OUT_OF_ORDER, f"{_told(latest)} was asked after the reply {_told(each)}")
        if latest is None or each.invoked > latest.invoked:
            latest = each


class Replay:
    """The contract's life, lived again by the rules alone: as far as they can explain it, and no further."""

    def __init__(self, policy: Policy, acts: deque[Act]) -> None:
        self._policy = policy
        self._acts = acts
        self._facts = new_contract()
        self._seen_since = dict.fromkeys(Actor, self._facts.version)
        self._explained = True
        self._changed_at: datetime | None = None
        self._events: Counter[RecordEvent] = Counter()
        self._mails: list[tuple[int, MailKind]] = []

    def replies(self, order: list[Operation]) -> Iterator[Finding]:
        """Give every reply anew; the system's acts come in where a version has no other origin."""
        for each in order:
            while self._facts.version < each.version and self._acts and not self._explains(each):
                yield from self._act(self._acts.popleft())
            yield from self._not_before_the_last_change(each.reply.at, _told(each))
            decision = self._decide(each.action, each.actor, each.reply.at)
            if not self._explains(each):
                yield Finding(Flaw.ANOTHER_DECISION, f"{_told(each)}; version {self._facts.version}: {decision}")
                self._explained = False
                return
            if isinstance(decision, Granted) and not each.reply.stale:
                self._carry_out(decision, each.reply.at)
        while self._acts:
            yield from self._act(self._acts.popleft())

    def what_is_kept(self, kept: Kept) -> Iterator[Finding]:
        """Compare with what is stored and was sent."""
        if not self._explained:
            return
        if kept.facts != self._facts:
            yield Finding(Flaw.NOT_KEPT, f"{kept.facts} instead of {self._facts}")
        if (stored := Counter(kept.events)) != self._events:
            yield Finding(Flaw.EVENTS, f"too many: {stored - self._events}, missing: {self._events - stored}")
        owed, sent = Counter(self._mails), Counter(kept.mails)
        if missing := owed - sent:
            yield Finding(Flaw.MAIL_MISSING, f"{sorted(missing)}")
        if more := sent - owed:
            yield Finding(Flaw.MAIL_TWICE, f"{sorted(more)}")
        if owed == sent and self._mails != kept.mails:
            yield Finding(Flaw.MAILS_OUT_OF_ORDER, f"{kept.mails}")

    def _explains(self, each: Operation) -> bool:
        """Whether this reply is what the rules say now, or that the asker could see a change they do not know of."""
        match self._decide(each.action, each.actor, each.reply.at):
            case Refused(reason=reason):
                return each.reply == Reply(self._facts, each.reply.at, refused=reason)
            case Granted(facts=facts):
                expected = each.expected_version
                if expected is None or self._seen_since[each.actor] <= expected <= self._facts.version:
                    return each.reply == Reply(facts, each.reply.at)
                return each.reply == Reply(self._facts, each.reply.at, stale=True)

    def _act(self, act: Act) -> Iterator[Finding]:
        yield from self._not_before_the_last_change(act.at, f"{act.action} by the system")
        match self._decide(act.action, Actor.SYSTEM, act.at):
            case Refused(reason=reason):
                yield Finding(Flaw.ANOTHER_DECISION, f"{act.action} by the system at {act.at}: {reason}")
            case Granted() as granted:
                self._carry_out(granted, act.at)

    def _not_before_the_last_change(self, at: datetime, what: str) -> Iterator[Finding]:
        """Whoever knows of a change was not judged before it. What changed nothing is known to nobody."""
        if self._changed_at and at < self._changed_at:
            yield Finding(Flaw.BACKWARDS, f"{what} at {at} after {self._changed_at}")

    def _decide(self, action: Action, actor: Actor, at: datetime) -> Decision:
        return decide(self._policy, self._facts, action, actor, at)

    def _carry_out(self, granted: Granted, at: datetime) -> None:
        if granted.effects:
            self._changed_at = at
        for actor in Actor:
            if picture(self._facts, actor) != picture(granted.facts, actor):
                self._seen_since[actor] = granted.facts.version
        self._facts = granted.facts
        for effect in granted.effects:
            match effect:
                case RecordEvent():
                    self._events[effect] += 1
                case SendMail(kind=kind):
                    self._mails.append((granted.facts.version, kind))


def picture(facts: Facts, actor: Actor) -> tuple[object, ...]:
    """What a person sees of a contract. All dates are the application's; a hold is shown to operators."""
    return facts.status, facts.application, facts.erasure_held and actor is Actor.OPERATOR


def _told(each: Operation) -> str:
    outcome = "stale" if each.reply.stale else each.reply.refused or "granted"
    return f"{each.actor} {each.action} at {each.reply.at}: {outcome}, version {each.version}"
