"""The arguments of a field are computed once, except where each request has to compute them."""

from typing import Any

import pytest
import strawberry
from graphql import FieldNode, OperationDefinitionNode, parse

from contract_server.graphql.execution.arguments import Arguments
from contract_server.graphql.strawberry_internals import converter_of, core


@strawberry.input
class Range:
    low: int
    high: int | None = strawberry.UNSET


@strawberry.type
class Query:
    @strawberry.field
    def numbers(self, range: Range, names: list[str] | None = None, first: int = 20) -> int:  # noqa: A002, ARG002
        return 0


SCHEMA = core(strawberry.Schema(Query))


def arguments_of(field: str) -> Arguments | None:
    (operation,) = parse(f"query ($n: Int, $m: String, $r: Range, $l: [String!]) {{ {field} }}").definitions
    assert isinstance(operation, OperationDefinitionNode)
    (node,) = operation.selection_set.selections
    assert isinstance(node, FieldNode)
    assert SCHEMA.query_type is not None
    return Arguments.of(SCHEMA.query_type.fields["numbers"], node, converter_of(SCHEMA))


@pytest.mark.parametrize(
    ("field", "variables", "expected"),
    [
        ("numbers(range: {low: 1})", {}, {"range": Range(low=1), "first": 20}),
        ("numbers(range: {low: $n, high: 2}, first: 3)", {"n": 7}, {"range": Range(low=7, high=2), "first": 3}),
        ('numbers(range: {low: 1}, names: ["a", $m])', {"m": "b"}, {"range": Range(low=1), "names": ["a", "b"]}),
    ],
)
def test_values_of_variables_take_their_places(field: str, variables: dict[str, Any], expected: dict[str, Any]) -> None:
    arguments = arguments_of(field)
    assert arguments is not None
    assert arguments.read(variables) == {"names": None, "first": 20} | expected


def test_a_variable_without_a_value_leaves_the_arguments_to_the_request() -> None:
    arguments = arguments_of("numbers(range: {low: $n})")
    assert arguments is not None
    assert arguments.read({}) is None
    assert arguments.read({"n": None}) is None


@pytest.mark.parametrize("field", ["numbers(range: $r)", "numbers(range: {low: 1}, names: $l)"])
def test_a_variable_for_a_whole_object_or_list_is_computed_at_each_request(field: str) -> None:
    assert arguments_of(field) is None


def test_two_requests_share_no_value() -> None:
    arguments = arguments_of('numbers(range: {low: 1}, names: ["a"])')
    assert arguments is not None
    one, other = arguments.read({}), arguments.read({})
    assert one == other
    assert one is not None
    assert other is not None
    assert one["names"] is not other["names"]
    assert one["range"] is not other["range"]
