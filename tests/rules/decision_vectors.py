"""The vectors of decisions: every state x action x actor x class of instant, written from the tables of the rules.

`python -m tests.rules.decision_vectors` writes the file anew; a test compares it with what would be written.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.rules.examples import POLICY, TICK, granted

from contract_rules import (
    PERMITTED,
    TRANSITIONS,
    Action,
    Actor,
    Condition,
    Facts,
    Granted,
    Refused,
    decide,
    new_contract,
    parse_policy,
    standing,
    to_json,
)

FILE: Final = Path(str(resources.files("contract_rules") / "vectors" / "decision-vectors.json"))

WINDOW_FIRST: Final = parse_policy("""
    name = "window-first"
    version = "1"
    zone = "Asia/Tokyo"
    resumption = { unit = "day", count = 7 }
    service_end = { unit = "day", count = 14 }
    erasure = { unit = "day", count = 45 }
""")
SERVICE_FIRST: Final = parse_policy("""
    name = "service-first"
    version = "2"
    zone = "America/New_York"
    service_end = { unit = "week", count = 1, first_day = "exclude_unless_midnight" }
    resumption = { unit = "month", count = 1, month_rule = "event_based" }
    erasure = { unit = "month", count = 2, month_rule = "event_based" }
""")
"""A contract can be resumed after its service has ended; clocks are put forward before that."""
BUSINESS_DAYS: Final = parse_policy("""
    name = "business-days"
    version = "3"
    zone = "Asia/Tokyo"
    service_end = { unit = "business_day", count = 5 }
    resumption = { unit = "business_day", count = 3 }
    erasure = { unit = "month", count = 1, month_rule = "event_based", align = "month", roll = "forward" }
    calendar = { weekend = [6, 7], holidays = [2024-05-03, 2024-05-06], holidays_until = 2024-08-01 }
""")
"""An application can be made for as long as holidays are listed for all of its deadlines."""
POLICIES: Final = {
    "shipped": POLICY,
    "window-first": WINDOW_FIRST,
    "service-first": SERVICE_FIRST,
    "business-days": BUSINESS_DAYS,
}

BY_DATES: Final = {Condition.WINDOW_OPEN, Condition.SERVICE_OVER, Condition.ERASURE_DUE}

APPLIED: Final = datetime.fromisoformat("2024-03-01T09:30:00+09:00")


def states() -> dict[str, Facts]:
    """By name: facts of every kind, after the policy under which they came about."""
    found = {"active": new_contract()}
    for name in ("window-first", "service-first"):
        terminated = granted(new_contract(), Action.TERMINATE, Actor.CONTRACTOR, APPLIED, POLICIES[name])
        found |= {f"{name}/terminated": terminated, f"{name}/ended": replace(terminated, version=3, service_ended=True)}
    held = replace(found["window-first/terminated"], version=3, erasure_held=True)
    ended = found["window-first/ended"]
    return found | {
        "window-first/held": held,
        "window-first/ended-held": replace(ended, version=4, erasure_held=True),
        "resumed-held": granted(held, Action.RESUME, Actor.CONTRACTOR, APPLIED, WINDOW_FIRST),
        "erased": granted(ended, Action.ERASE, Actor.SYSTEM, deadlines(ended)["erasure"], WINDOW_FIRST),
    }


def deadlines(facts: Facts) -> dict[str, datetime]:
    """The three instants that matter, by name."""
    assert facts.application is not None
    timeline = facts.application.timeline
    return {
        "resumption": timeline.resumption.at,
        "service_end": timeline.service_end.at,
        "erasure": timeline.erasure.at,
    }


def instants(facts: Facts) -> dict[str, datetime]:
    """One of each class: just before and at each deadline, and just after the last, where an application is in force.

    Deadlines are written in UTC, so that their text does not compare as they do.
    """
    if facts.application is None:
        return {"then": APPLIED + timedelta(days=1)}
    found: dict[str, datetime] = {}
    for name, at in sorted(deadlines(facts).items(), key=lambda item: item[1]):
        found |= {f"before-{name}": at - TICK, f"at-{name}": at.astimezone(UTC)}
    return found | {"after-erasure": deadlines(facts)["erasure"] + TICK}


class Asked(NamedTuple):
    """A question to `decide`, and its name."""

    id: str
    state: str
    policy: str
    facts: Facts
    action: Action
    actor: Actor
    now: datetime

    def decision(self) -> Granted | Refused:
        """The answer."""
        return decide(POLICIES[self.policy], self.facts, self.action, self.actor, self.now)


def every_question() -> Iterator[Asked]:
    """Every state x action x actor, at every class of instant where the dates decide, and else at the last one.

    The policy asked is another one than that of the application, whose dates no policy moves.
    """
    for state, facts in states().items():
        policy = "service-first" if state.startswith("window-first") else "window-first"
        for action in Action:
            for actor in Actor:
                for moment, now in moments(facts, action, actor).items():
                    yield Asked(f"{state}/{action}/{actor}/{moment}", state, policy, facts, action, actor, now)


def moments(facts: Facts, action: Action, actor: Actor) -> dict[str, datetime]:
    """The classes of instants that make a difference."""
    transition = TRANSITIONS[facts.status].get(action)
    dates_decide = transition is not None and transition.condition in BY_DATES and actor in PERMITTED[action]
    classes = instants(facts)
    return classes if dates_decide else dict([list(classes.items())[-1]])


def applications() -> Iterator[Asked]:
    """Applying at the edges of a date, at midnight, when clocks change, and at the end of the calendar."""
    for policy, text in (
        ("shipped", "2024-03-01T00:00:00+09:00"),
        ("shipped", "2024-03-01T14:59:59.999999Z"),
        ("shipped", "2024-03-01T15:00:00Z"),
        ("window-first", "2024-02-29T23:59:59.999999+09:00"),
        ("service-first", "2024-03-03T00:00:00-05:00"),
        ("service-first", "2024-03-03T00:00:00.000001-05:00"),
        ("service-first", "2024-03-03T14:00:00+09:00"),
        ("service-first", "2024-01-31T12:00:00-05:00"),
        ("business-days", "2024-04-30T12:00:00+09:00"),
        ("business-days", "2024-05-31T12:00:00+09:00"),
        ("business-days", "2024-07-01T12:00:00+09:00"),
        ("business-days", "2023-12-28T12:00:00+09:00"),
        ("shipped", "9999-11-15T12:00:00+09:00"),
        ("shipped", "9999-11-16T12:00:00+09:00"),
    ):
        now = datetime.fromisoformat(text)
        yield Asked(f"{policy}/{text}", "active", policy, new_contract(), Action.TERMINATE, Actor.CONTRACTOR, now)


class Names:
    """Facts by the name under which the file has them, so that each is written once."""

    def __init__(self) -> None:
        self.names: dict[Facts, str] = {facts: state for state, facts in states().items()}

    def of(self, facts: Facts, otherwise: str) -> str:
        """The name of the facts, which is a new one where they have none yet."""
        return self.names.setdefault(facts, otherwise)


def case_of(asked: Asked, names: Names) -> dict[str, Any]:
    """A vector: a refusal by its reason, what is granted in full."""
    question = {
        "id": asked.id,
        "policy": asked.policy,
        "facts": asked.state,
        "action": asked.action,
        "actor": asked.actor,
        "now": asked.now.isoformat(),
    }
    decision = asked.decision()
    if isinstance(decision, Refused):
        return question | {"refused": decision.reason}
    body = json.loads(to_json(decision))["decision"]
    return question | {"decision": body | {"facts": names.of(decision.facts, f"after {asked.id}")}}


def refusals_in_full(asked: list[Asked]) -> Iterator[dict[str, Any]]:
    """The first refusal for each reason, with all that a refusal says."""
    seen = set()
    for each in asked:
        decision = each.decision()
        if isinstance(decision, Refused) and decision.reason not in seen:
            seen.add(decision.reason)
            case = case_of(each, Names())
            del case["refused"]
            yield case | {"id": f"in full: {decision.reason}", "decision": json.loads(to_json(decision))["decision"]}


def standings() -> Iterator[dict[str, Any]]:
    """Where the contract stands: every state x class of instant."""
    for state, facts in states().items():
        for moment, now in instants(facts).items():
            found = standing(facts, now)
            until = None if found.until is None else found.until.isoformat()
            answer = {"phase": found.phase, "service_available": found.service_available, "until": until}
            yield {"id": f"{state}/{moment}", "facts": state, "now": now.isoformat(), "standing": answer}


def text() -> str:
    """The file: one policy, contract or case a line."""
    names = Names()
    asked = [*every_question(), *applications()]
    cases = [case_of(each, names) for each in asked] + [*refusals_in_full(asked), *standings()]
    policies = {name: policy.terms for name, policy in POLICIES.items()}
    facts = {name: json.loads(to_json(facts))["facts"] for facts, name in names.names.items()}
    sections = (
        f'"policies": {{\n{_lines(f"{json.dumps(name)}: {json.dumps(body)}" for name, body in policies.items())}\n}}',
        f'"facts": {{\n{_lines(f"{json.dumps(name)}: {json.dumps(body)}" for name, body in facts.items())}\n}}',
        f'"cases": [\n{_lines(map(json.dumps, cases))}\n]',
    )
    return "{\n" + ",\n".join(sections) + "\n}\n"


def _lines(texts: Iterable[str]) -> str:
    return ",\n".join(f" {text}" for text in texts)


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
