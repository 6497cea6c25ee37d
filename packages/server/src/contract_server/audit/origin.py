"""Where a change comes from: the interface, the person if the interface knows one, and the network source.

The edges set it once: a request, or a command. It travels in a context variable, as the id of the request does, because
every layer in between would only pass it on.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Interface(StrEnum):
    """The way by which a change comes in."""

    API = "API"
    PAGE = "PAGE"
    WORKER = "WORKER"
    COMMAND_LINE = "COMMAND_LINE"


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of the changes of one request or command.

    Attributes:
        interface: The way by which they come in.
        account_id: The operator that a command names.
        find_source: Returns the keyed hash of the client's address; called only if an entry is written.
    """

    interface: Interface
    account_id: UUID | None = None
    find_source: Callable[[], str] | None = None


class Signature(NamedTuple):
    """Who made a change, by which interface, and from where; stored beside what was done."""

    account_id: UUID | None = None
    interface: Interface | None = None
    source: str | None = None


NO_SIGNATURE = Signature()
"""What the service does by itself when it falls due."""

_BY_ITSELF = Origin(Interface.WORKER)
_origin: ContextVar[Origin] = ContextVar("origin", default=_BY_ITSELF)


def set_origin(origin: Origin) -> None:
    """Set the origin of everything that the current task does."""
    _origin.set(origin)


def sign(account_id: UUID | None) -> Signature:
    """Sign a change by this account. For a command, the account is the operator that it names."""
    origin = _origin.get()
    if origin.interface is Interface.COMMAND_LINE:
        return Signature(origin.account_id, origin.interface)
    return Signature(account_id, origin.interface, origin.find_source() if origin.find_source else None)
