"""Tell a database that does not serve for the moment from a defect, by the class of its SQLSTATE.

A transient error passes, or is to be put right in the database: callers try again later. Most of these say what holds
for every statement (`is_unavailable`). The others say what became of one statement only.
"""

from collections.abc import Iterator

import asyncpg
from tortoise.exceptions import DBConnectionError

READ_ONLY = "the database is read-only: it is a standby, or writing is switched off"
_OUT_OF_REACH = "the database cannot be reached"

_RESOURCES = "53"

# by SQLSTATE, or by its class: the first two characters
_OF_EVERY_STATEMENT = {
    "08": _OUT_OF_REACH,
    "25006": READ_ONLY,
    "28": "the database refuses the role or its password",
    "3D": "the database does not exist",
    "3F": "the database has no schema in which this role may create tables",
    "42501": "the database denies the role a right; it needs those of a table's owner, or a GRANT",
    _RESOURCES: "the database has used up its disk, memory or connections",
    "55000": "the database accepts no connections",
    "57": "the database is starting or stopping, or was told to end the connection",
    "58": "the database reports an error of its disk or system",
}
_CONTENDED = {
    "40": "the database ended a transaction because of a concurrent one",
    "55P03": "the database's rows are locked by another transaction",
}
_CANCELLED = {"57014": "the database cancelled the statement"}
_THIS_STATEMENT = _CONTENDED | _CANCELLED
_TRANSIENT = _OF_EVERY_STATEMENT | _THIS_STATEMENT


def is_transient(error: BaseException | None) -> bool:
    """Return whether `error` or a cause of it says that the database does not serve for the moment."""
    return transient_reason(error) is not None


def transient_reason(error: BaseException | None) -> str | None:
    """Return what `error` or a cause of it says about the database, in one line; None if it is no transient error."""
    reasons = [_TRANSIENT[key] for key in _keys(error) if key in _TRANSIENT]
    return reasons[0] if reasons else _OUT_OF_REACH if _is_lost(error) else None


def is_unavailable(error: BaseException | None) -> bool:
    """Return whether a transient error concerns every statement: the server is away, full, read-only or closed."""
    return is_transient(error) and not any(key in _THIS_STATEMENT for key in _keys(error))


def is_denied(error: BaseException | None) -> bool:
    """Return whether `error` or a cause of it means that the role lacks a right: a GRANT is missing."""
    return any(isinstance(each, asyncpg.InsufficientPrivilegeError) for each in _chain(error))


def is_contended(error: BaseException | None) -> bool:
    """Return whether `error` or a cause of it is a conflict with a concurrent transaction: another try may succeed."""
    return any(key in _CONTENDED for key in _keys(error))


def lacks_resources(error: BaseException | None) -> bool:
    """Return whether `error` or a cause of it means that the server's disk, memory or connections are used up."""
    return any(key == _RESOURCES for key in _keys(error))


def lacks_schema(error: BaseException | None) -> bool:
    """Return whether `error` or a cause of it is a missing table or column: migrations are pending."""
    return any(isinstance(each, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError) for each in _chain(error))


def _is_lost(error: BaseException | None) -> bool:
    """Whether no server answered; `engine` raises `DBConnectionError` where it finds the connection lost."""
    return any(isinstance(each, OSError | TimeoutError | DBConnectionError) for each in _chain(error))


def _keys(error: BaseException | None) -> Iterator[str]:
    """The SQLSTATE of each PostgreSQL error, then its class."""
    for each in _chain(error):
        if isinstance(each, asyncpg.PostgresError) and each.sqlstate:
            yield from (each.sqlstate, each.sqlstate[:2])


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and its causes."""
    while error is not None:
        yield error
        error = error.__cause__
