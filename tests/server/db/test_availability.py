"""An error of the database is told by its cause: unavailable, contended, without schema, or a defect."""

import asyncpg
import pytest
from tortoise.exceptions import DBConnectionError, OperationalError

from contract_server.db.availability import is_contended, is_unavailable, lacks_schema


def wrapped(error: BaseException) -> BaseException:
    """The error as the cause of Tortoise's own."""
    outer = OperationalError("as Tortoise wraps it")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(), (True, False, False)),
        (TimeoutError(), (True, False, False)),
        (asyncpg.TooManyConnectionsError(), (True, False, False)),
        (asyncpg.ConnectionDoesNotExistError(), (True, False, False)),
        (DBConnectionError(), (True, False, False)),
        (asyncpg.DeadlockDetectedError(), (False, True, False)),
        (asyncpg.LockNotAvailableError(), (False, True, False)),
        (asyncpg.UndefinedTableError(), (False, False, True)),
        (asyncpg.UndefinedColumnError(), (False, False, True)),
        (asyncpg.UniqueViolationError(), (False, False, False)),
        (ValueError(), (False, False, False)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_classified_by_itself_and_as_a_cause(
    error: BaseException, expected: tuple[bool, bool, bool]
) -> None:
    for seen in (error, wrapped(error), wrapped(wrapped(error))):
        assert (is_unavailable(seen), is_contended(seen), lacks_schema(seen)) == expected


def test_no_error_is_none_of_these() -> None:
    assert [is_unavailable(None), is_contended(None), lacks_schema(None)] == [False] * 3
