"""The lifecycle as a picture and as data, made from the table that decides."""

from typing import Any

from contract_rules.lifecycle import PERMITTED, TRANSITIONS, Action, Actor, Condition, Status, Transition

INDENT = " " * 4


def mermaid() -> str:
    """The lifecycle as a Mermaid state diagram: who may do what, in which status, and when.

    >>> print(mermaid().splitlines()[0])
    stateDiagram-v2
    """
    arrows = [
        _arrow(status, action, transition)
        for status, transitions in TRANSITIONS.items()
        for action, transition in transitions.items()
    ]
    final = [f"{status} --> [*]" for status, transitions in TRANSITIONS.items() if not transitions]
    lines = [f"[*] --> {next(iter(TRANSITIONS))}", *arrows, *final]
    return "\n".join(["stateDiagram-v2", *(INDENT + line for line in lines)]) + "\n"


def transitions() -> list[dict[str, Any]]:
    """The lifecycle in the types of JSON: a row for each action that is possible in a status, by whom and when.

    >>> transitions()[0]["action"], transitions()[0]["actors"], transitions()[0]["condition"]
    ('TERMINATE', ['CONTRACTOR', 'OPERATOR'], 'COUNTABLE')
    """
    return [
        {
            "status": str(status),
            "action": str(action),
            "actors": _actors(action),
            "condition": transition.condition.name,
            "when": _when(transition),
            "target": str(transition.target),
            "event": str(transition.event),
        }
        for status, transitions in TRANSITIONS.items()
        for action, transition in transitions.items()
    ]


def _actors(action: Action) -> list[str]:
    return [str(actor) for actor in Actor if actor in PERMITTED[action]]


def _when(transition: Transition) -> str:
    return transition.condition.replace("`", "")


def _arrow(status: Status, action: Action, transition: Transition) -> str:
    label = f"{action} ({', '.join(_actors(action)).lower()})"
    if transition.condition is not Condition.NONE:
        label += f"<br>{_when(transition)}"
    return f"{status} --> {transition.target}: {label}"
