"""Each day and instant that a client gives may lie at an end of the calendar: no field fails because of it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)
from tests.server.integration.registering import log_in_service
from tests.server.running import CLOSED_CONTRACT, Client, Running
from tests.server.test_recurring_statements import SCHEMA

from contract_server.integration.models import Scope

ENDS = {
    "Date": ("0001-01-01", "9999-12-31"),
    "DateTime": (
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00-14:00",
        "9999-12-31T23:59:59.999999+14:00",
        "9999-12-31T23:59:59.999999-14:00",
    ),
}
REQUIRED: dict[str, object] = {"ID": CLOSED_CONTRACT, "String": "2024-1", "Int": 1, "ConfirmedOutcome": "RETAINED"}
OF_SERVICES = {"confirmErasure"}


class Place(NamedTuple):
    """Where a client gives a day or an instant: a root field, and the path from its arguments."""

    kind: str
    field: str
    path: tuple[str, ...]
    scalar: str


def places() -> Iterator[Place]:
    for kind, root in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)):
        assert root is not None
        for name, field in root.fields.items():
            for path, scalar in paths(field.args):
                yield Place(kind, name, path, scalar)


def paths(inputs: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The paths to days and instants in these arguments or fields."""
    for name, given in inputs.items():
        named = get_named_type(given.type)
        if isinstance(named, GraphQLInputObjectType):
            yield from (((name, *path), scalar) for path, scalar in paths(named.fields))
        elif named.name in ENDS:
            yield (name,), named.name


PLACES = list(places())


def query_of(place: Place, value: str) -> tuple[str, dict[str, object]]:
    """The request that has the value at its place, and what else is required."""
    root = SCHEMA.query_type if place.kind == "query" else SCHEMA.mutation_type
    assert root is not None
    args = root.fields[place.field].args
    variables = with_required(args, place.path, value)
    declared = ", ".join(f"${name}: {args[name].type}" for name in variables)
    passed = ", ".join(f"{name}: ${name}" for name in variables)
    return f"{place.kind} ({declared}) {{ {place.field}({passed}) {{ __typename }} }}", variables


def with_required(inputs: dict[str, Any], path: tuple[str, ...], value: str) -> dict[str, object]:
    first, *rest = path
    given = {name: REQUIRED[get_named_type(each.type).name] for name, each in inputs.items() if is_required(each)}
    if rest:
        return given | {first: with_required(get_named_type(inputs[first].type).fields, tuple(rest), value)}
    return given | {first: value}


def is_required(given: GraphQLArgument | GraphQLInputField) -> bool:
    if isinstance(get_named_type(given.type), GraphQLInputObjectType):
        return False
    return is_required_argument(given) if isinstance(given, GraphQLArgument) else is_required_input_field(given)


@pytest.mark.parametrize("place", PLACES, ids=[f"{place.field}-{'.'.join(place.path)}" for place in PLACES])
async def test_no_field_fails_at_an_end_of_the_calendar(client: Client, service: Running, place: Place) -> None:
    if place.field in OF_SERVICES:
        await log_in_service(client, service, *Scope)
        await client.advance(days=27)  # the contract is erased, as the field expects
    else:
        await client.log_in("operator@example.jp")
    for value in ENDS[place.scalar]:
        query, variables = query_of(place, value)
        answer = (await client.post(query, **variables)).json()
        assert {error["extensions"]["code"] for error in answer.get("errors", ())} <= {"BAD_USER_INPUT"}, (
            value,
            answer,
        )


def test_no_other_field_takes_a_day_or_an_instant() -> None:
    """Fields of objects below the root take none, so that the roots are all."""
    roots = (SCHEMA.query_type, SCHEMA.mutation_type)
    objects = [each for each in SCHEMA.type_map.values() if isinstance(each, GraphQLObjectType) and each not in roots]
    fields = {f"{each.name}.{name}": field.args for each in objects for name, field in each.fields.items()}
    assert [name for name, args in fields.items() if [*paths(args)]] == []
