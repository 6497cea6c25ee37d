"""Visible changes: which changes of a contract an actor can see, and so which make a request stale.

A version grows with every change, and a request may name the version that its sender saw: status, dates, registration,
and for operators the hold. A change that is not visible to the sender does not make the request stale. A contractor is
shown no hold, and the recorded end of service is visible to no person, because the dates already imply it. The history
does not count; it contains every change.

This does not serialise concurrent changes. The lock does, or the statement that compares the version it has read.
"""

from collections.abc import Mapping
from typing import Final

from contract_rules import Actor, EventType, complete
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.db.statements import fetch

_EVERYONE: Final = frozenset(Actor)

SEEN_BY: Final[Mapping[EventType, frozenset[Actor]]] = complete(
    "SEEN_BY",
    EventType,
    {
        EventType.STARTED: _EVERYONE,
        EventType.TERMINATION_REQUESTED: _EVERYONE,
        EventType.RESUMED: _EVERYONE,
        EventType.SERVICE_ENDED: frozenset({Actor.SYSTEM}),
        EventType.ERASURE_HELD: frozenset({Actor.OPERATOR, Actor.SYSTEM}),
        EventType.ERASURE_HOLD_RELEASED: frozenset({Actor.OPERATOR, Actor.SYSTEM}),
        EventType.ERASED: _EVERYONE,
    },
)
"""The actors who see a contract differently after an event of that type."""

_UNSEEN_VERSIONS = """
    SELECT version FROM contract_event WHERE contract_id = $1 AND version > $2
     GROUP BY version HAVING bool_and(type = ANY ($3))
"""


async def has_visibly_changed(contract: ContractSnapshot, since: int, actor: Actor) -> bool:
    """Return whether the actor sees a locked contract differently than at version `since`.

    A version is invisible if all of its events are. A version without events, or one that never was, is visible.
    """
    if since == contract.facts.version:
        return False
    unseen = [event for event, actors in SEEN_BY.items() if actor not in actors]
    versions = await fetch(_UNSEEN_VERSIONS, contract.id, since, unseen)
    return len(versions) != contract.facts.version - since
