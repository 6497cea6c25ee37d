"""The lifecycle as a picture, drawn from the table that decides."""

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


def _arrow(status: Status, action: Action, transition: Transition) -> str:
    actors = ", ".join(actor.lower() for actor in Actor if actor in PERMITTED[action])
    label = f"{action} ({actors})"
    if transition.condition is not Condition.NONE:
        label += f"<br>{transition.condition.replace('`', '')}"
    return f"{status} --> {transition.target}: {label}"
