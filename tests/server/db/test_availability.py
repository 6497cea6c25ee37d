"""An error of the database is classified by its SQLSTATE and its cause: transient, without schema, or a defect."""

import asyncpg
import pytest
from tortoise.exceptions import DBConnectionError, OperationalError

from contract_server.db.availability import is_contended, is_transient, is_unavailable, lacks_schema, transient_reason

UNAVAILABLE = {"transient", "unavailable"}
CONTENDED = {"transient", "contended"}
CANCELLED = {"transient"}
WITHOUT_SCHEMA = {"without schema"}
DEFECT: set[str] = set()

BY_CLASS = {
    "08": UNAVAILABLE,
    "28": UNAVAILABLE,
    "3D": UNAVAILABLE,
    "3F": UNAVAILABLE,
    "40": CONTENDED,
    "53": UNAVAILABLE,
    "57": UNAVAILABLE,
    "58": UNAVAILABLE,
}
BY_SQLSTATE = {
    "25006": UNAVAILABLE,
    "42501": UNAVAILABLE,
    "42703": WITHOUT_SCHEMA,
    "42P01": WITHOUT_SCHEMA,
    "55000": UNAVAILABLE,
    "55P03": CONTENDED,
    "57014": CANCELLED,
}


def subclasses_of(kind: type[asyncpg.PostgresError]) -> set[type[asyncpg.PostgresError]]:
    below = kind.__subclasses__()
    return {*below, *(each for one in below for each in subclasses_of(one))}


STATES = sorted({kind.sqlstate for kind in subclasses_of(asyncpg.PostgresError) if kind.sqlstate})


def error_of(sqlstate: str) -> BaseException:
    """The error that asyncpg raises for a SQLSTATE."""
    error: BaseException = asyncpg.PostgresError.new({"C": sqlstate, "M": "as the server says it"})
    return error


def kinds(error: BaseException | None) -> set[str]:
    found = {
        "transient": is_transient(error),
        "unavailable": is_unavailable(error),
        "contended": is_contended(error),
        "without schema": lacks_schema(error),
    }
    return {name for name, holds in found.items() if holds}


def wrapped(error: BaseException) -> BaseException:
    """The error as the cause of Tortoise's own."""
    outer = OperationalError("as Tortoise wraps it")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize("sqlstate", [*STATES, "08999", "53999"])
def test_an_error_of_the_server_is_classified_by_its_sqlstate_or_else_by_its_class(sqlstate: str) -> None:
    expected = BY_SQLSTATE.get(sqlstate, BY_CLASS.get(sqlstate[:2], DEFECT))
    error = error_of(sqlstate)
    for seen in (error, wrapped(error), wrapped(wrapped(error))):
        assert kinds(seen) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(), UNAVAILABLE),
        (TimeoutError(), UNAVAILABLE),
        (DBConnectionError(), UNAVAILABLE),
        (ValueError(), DEFECT),
        (asyncpg.InterfaceError("wrong use"), DEFECT),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_without_a_sqlstate_is_classified_by_its_type(error: BaseException, expected: set[str]) -> None:
    for seen in (error, wrapped(error)):
        assert kinds(seen) == expected


def test_what_the_server_says_is_the_reason_and_not_how_it_was_wrapped() -> None:
    lost = DBConnectionError("as Tortoise wraps it")
    lost.__cause__ = asyncpg.InvalidCatalogNameError()
    assert transient_reason(lost) == "the database does not exist"
    assert transient_reason(DBConnectionError()) == "the database cannot be reached"


def test_a_reason_is_one_line_that_begins_like_every_other() -> None:
    reasons = [transient_reason(error_of(sqlstate)) for sqlstate in STATES]
    told = [reason for reason in reasons if reason]
    assert told
    assert all(reason.startswith("the database") and "\n" not in reason for reason in told)


def test_no_error_is_none_of_these() -> None:
    assert kinds(None) == set()
