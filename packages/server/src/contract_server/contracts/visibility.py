"""Who can see a change of a contract, and so whether a request still speaks of the contract that its sender saw.

A version grows with every change, and a request may name the version that its sender was looking at. What they looked
at is the contract: status, dates, registration, and for operators the hold. A change that is not part of that picture
leaves the request as good as it was: a contractor is shown no hold, and the recorded end of service shows to no person,
because what follows from it follows from the dates. The history is no part of the picture; it tells of every change.

This is not what keeps two changes apart. That is the lock, or the statement that compares the version it has read.
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
"""To whom a contract looks different after the change that an event tells of."""

_UNSEEN_VERSIONS = """
    SELECT version FROM contract_event WHERE contract_id = $1 AND version > $2
     GROUP BY version HAVING bool_and(type = ANY ($3))
"""


async def has_visibly_changed(contract: ContractSnapshot, since: int, actor: Actor) -> bool:
    """Whether a locked contract looks different to that actor than it did at version `since`.

    A version counts as unseen where all of its events are. One without events, or one that never was, counts as seen.
    """
    if since == contract.facts.version:
        return False
    unseen = [event for event, actors in SEEN_BY.items() if actor not in actors]
    versions = await fetch(_UNSEEN_VERSIONS, contract.id, since, unseen)
    return len(versions) != contract.facts.version - since
