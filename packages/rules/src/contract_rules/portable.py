"""Facts, timelines and decisions as JSON, in one stable format that services in any language can store and exchange.

The format is the table of shapes below; `schemas/contract-facts-1.json` is the JSON Schema of the same table.
"""

import json
from typing import Any, Final, TypeVar

from contract_rules.decisions import Decision, Effect, Granted, MailKind, Reason, RecordEvent, Refused, SendMail
from contract_rules.facts import Application, Facts
from contract_rules.lifecycle import Action, Actor, EventType, Status
from contract_rules.policy import Deadline, Timeline
from contract_rules.shapes import (
    DAY,
    FLAG,
    INSTANT,
    TEXT,
    ZONE,
    FactsError,
    Schema,
    Shape,
    many,
    member,
    one_of,
    optional,
    record,
    whole,
)

FORMAT: Final = "contract-facts/1"

DEADLINE: Final = record("deadline", Deadline, {"last_day": DAY, "at": INSTANT})
TIMELINE: Final = record(
    "timeline",
    Timeline,
    {
        "requested_on": DAY,
        "policy_name": TEXT,
        "policy_version": TEXT,
        "zone": ZONE,
        "service_end": DEADLINE,
        "resumption": DEADLINE,
        "erasure": DEADLINE,
    },
)
APPLICATION: Final = record(
    "application", Application, {"number": whole(1), "requested_at": INSTANT, "timeline": TIMELINE}
)
FACTS: Final = record(
    "facts",
    Facts,
    {
        "status": member(Status),
        "version": whole(1),
        "applications": whole(0),
        "application": optional(APPLICATION),
        "service_ended": FLAG,
        "erasure_held": FLAG,
    },
)
RECORD_EVENT: Final = record(
    "record_event",
    RecordEvent,
    {"type": member(EventType), "at": INSTANT, "actor": member(Actor), "application_number": optional(whole(1))},
    {"effect": "record_event"},
)
SEND_MAIL: Final = record("send_mail", SendMail, {"kind": member(MailKind)}, {"effect": "send_mail"})
EFFECT: Final[Shape[Effect]] = one_of(
    "effect", {(RecordEvent, "record_event"): RECORD_EVENT, (SendMail, "send_mail"): SEND_MAIL}
)
GRANTED: Final = record("granted", Granted, {"facts": FACTS, "effects": many(EFFECT)}, {"outcome": "granted"})
REFUSED: Final = record(
    "refused",
    Refused,
    {
        "reason": member(Reason),
        "action": member(Action),
        "actor": member(Actor),
        "at": INSTANT,
        "timeline": optional(TIMELINE),
    },
    {"outcome": "refused"},
)
DECISION: Final[Shape[Decision]] = one_of("outcome", {(Granted, "granted"): GRANTED, (Refused, "refused"): REFUSED})

DEFINITIONS: Final[dict[str, Shape[Any]]] = {
    "deadline": DEADLINE,
    "timeline": TIMELINE,
    "application": APPLICATION,
    "facts": FACTS,
    "record_event": RECORD_EVENT,
    "send_mail": SEND_MAIL,
    "granted": GRANTED,
    "refused": REFUSED,
}
CONTENTS: Final[dict[str, tuple[tuple[type, ...], Shape[Any]]]] = {
    "facts": ((Facts,), FACTS),
    "timeline": ((Timeline,), TIMELINE),
    "decision": ((Granted, Refused), DECISION),
}
"""What a document can hold: its types and its shape, by the key under which it stands."""

Content = TypeVar("Content")


def to_json(content: Facts | Timeline | Decision, *, indent: int | None = None) -> str:
    """The JSON text of facts, a timeline or a decision, which reads back as an equal one.

    Without `indent` it is one line.

    Raises:
        ValueError: it is something else.

    >>> from contract_rules import new_contract
    >>> print(to_json(new_contract())[:60])
    {"format": "contract-facts/1", "facts": {"status": "ACTIVE",
    """
    for key, (types, shape) in CONTENTS.items():
        if isinstance(content, types):
            return json.dumps({"format": FORMAT, key: shape.data(content)}, indent=indent)
    raise ValueError(f"a {type(content).__name__} has no JSON here: write Facts, a Timeline or a Decision")


def facts_from_json(text: str | bytes) -> Facts:
    """The facts that `to_json`, or another service, wrote.

    Raises:
        FactsError: the text is not of the format, or the facts contradict themselves; with the field's path.

    >>> from contract_rules import new_contract
    >>> facts_from_json(to_json(new_contract())) == new_contract()
    True
    >>> facts_from_json('{"format": "contract-facts/1", "facts": {"status": "PAUSED"}}')
    Traceback (most recent call last):
    ...
    contract_rules.shapes.FactsError: facts.version is missing: write a whole number of 1 or more
    """
    return _read(text, "facts", FACTS)


def timeline_from_json(text: str | bytes) -> Timeline:
    """The timeline that `to_json`, or another service, wrote.

    Raises:
        FactsError: the text is not of the format, or the dates contradict themselves; with the field's path.

    >>> from datetime import date
    >>> from contract_rules import shipped_policies
    >>> timeline = shipped_policies().in_force(date(2024, 3, 1)).timeline_on(date(2024, 3, 1))
    >>> timeline_from_json(to_json(timeline)) == timeline
    True
    """
    return _read(text, "timeline", TIMELINE)


def decision_from_json(text: str | bytes) -> Decision:
    """The decision that `to_json`, or another service, wrote.

    Raises:
        FactsError: the text is not of the format; with the field's path.

    >>> from datetime import datetime
    >>> from contract_rules import decide, new_contract, shipped_policies
    >>> now = datetime.fromisoformat("2024-03-01T09:30+09:00")
    >>> decision = decide(shipped_policies().in_force_at(now), new_contract(), Action.TERMINATE, Actor.CONTRACTOR, now)
    >>> decision_from_json(to_json(decision)) == decision
    True
    """
    return _read(text, "decision", DECISION)


def schema() -> Schema:
    """The JSON Schema of the format."""
    documents: list[Shape[dict[str, Any]]] = [
        record(key, dict, {key: shape}, {"format": FORMAT}) for key, (_, shape) in CONTENTS.items()
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": FORMAT,
        "description": "Facts, a timeline or a decision of contract-rules. Dates are in the timeline's zone.",
        "oneOf": [document.definition for document in documents],
        "$defs": {name: shape.definition for name, shape in DEFINITIONS.items()},
    }


def _read(text: str | bytes, key: str, shape: Shape[Content]) -> Content:
    document = _parsed(text)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FactsError(f'format: write {{"format": "{FORMAT}", "{key}": ...}}')
    if document.keys() != {"format", key}:
        raise FactsError(f"the document has {', '.join(document)}: write format and {key}, and nothing else")
    return shape.read(document[key], key)


def _parsed(text: str | bytes) -> object:
    if not isinstance(text, str | bytes):
        raise FactsError(f"a {type(text).__name__} is not JSON text: write what json.dumps makes of it")
    try:
        return json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise FactsError(f"not JSON: {error}") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key is written twice: write it once")
    return table
