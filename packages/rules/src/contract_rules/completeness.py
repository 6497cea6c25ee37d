"""Tables by the members of an enumeration: complete, or refused as soon as they are made."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

Member = TypeVar("Member", bound=Enum)
Value = TypeVar("Value")


def complete(name: str, members: type[Member], table: Mapping[Member, Value]) -> Mapping[Member, Value]:
    """Give back the table, which has an entry for every member of the enumeration; `name` is named in errors.

    A table that is checked when its module is imported cannot meet a member for which no answer was written.

    Raises:
        ValueError: a member has no entry.

    >>> from contract_rules import Actor
    >>> complete("GREETINGS", Actor, {Actor.CONTRACTOR: "Dear customer", Actor.OPERATOR: "Dear colleague"})
    Traceback (most recent call last):
    ...
    ValueError: GREETINGS has no entry for Actor.SYSTEM: write one
    """
    missing = [f"{members.__name__}.{member.name}" for member in members if member not in table]
    if missing:
        raise ValueError(f"{name} has no entry for {', '.join(missing)}: write one")
    return table
