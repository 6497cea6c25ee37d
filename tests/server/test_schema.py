"""The schema that is served is the one that was agreed with the front-end teams, and the one that is exported."""

from pathlib import Path

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, build_schema, lexicographic_sort_schema, print_schema
from graphql.utilities import find_breaking_changes, find_dangerous_changes

import contract_server
from contract_server.graphql import schema as served

AGREED = Path(__file__).with_name("agreed.graphql")
EXPORTED = Path(contract_server.__file__).parents[2]

DEVELOPMENT_FIELDS = {"Query": {"testClock"}, "Mutation": {"advanceTestClock", "resetDemo"}}
DEVELOPMENT_TYPES = {"TestClock", "TestClockAdvanced", "AdvanceTestClockInput", "AdvanceTestClockResult"}


@pytest.fixture(scope="module")
def agreed() -> GraphQLSchema:
    """What the front-end teams build on."""
    return build_schema(AGREED.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def development() -> GraphQLSchema:
    """What is served in development, as clients are told."""
    return build_schema(served.export(served.build_schema(development=True)))


@pytest.fixture(scope="module")
def production() -> GraphQLSchema:
    """What is served anywhere else."""
    return build_schema(served.export(served.build_schema(development=False)))


def test_nothing_agreed_is_missing_or_different(agreed: GraphQLSchema, development: GraphQLSchema) -> None:
    assert find_breaking_changes(agreed, development) == []
    assert find_dangerous_changes(agreed, development) == []


def test_nothing_is_served_that_was_not_agreed(agreed: GraphQLSchema, development: GraphQLSchema) -> None:
    assert find_breaking_changes(development, agreed) == []
    assert find_dangerous_changes(development, agreed) == []


def test_every_word_of_the_descriptions_is_as_agreed(agreed: GraphQLSchema, development: GraphQLSchema) -> None:
    assert print_schema(lexicographic_sort_schema(development)) == print_schema(lexicographic_sort_schema(agreed))


@pytest.mark.parametrize(("file", "in_development"), [("schema.graphql", True), ("schema.production.graphql", False)])
def test_the_exported_files_are_up_to_date(file: str, in_development: bool) -> None:
    exported = (EXPORTED / file).read_text(encoding="utf-8")
    assert exported == served.export(served.build_schema(development=in_development)), "run `make schema`"


def test_production_lacks_what_moves_time_and_nothing_else(
    development: GraphQLSchema, production: GraphQLSchema
) -> None:
    assert development.type_map.keys() - production.type_map.keys() == DEVELOPMENT_TYPES
    assert production.type_map.keys() <= development.type_map.keys()
    for root, only_there in DEVELOPMENT_FIELDS.items():
        both = development.type_map[root], production.type_map[root]
        assert isinstance(both[0], GraphQLObjectType)
        assert isinstance(both[1], GraphQLObjectType)
        assert both[0].fields.keys() - both[1].fields.keys() == only_there
    descriptions = {change.description for change in find_breaking_changes(development, production)}
    assert len(descriptions) == len(DEVELOPMENT_TYPES) + sum(map(len, DEVELOPMENT_FIELDS.values()))
    assert find_breaking_changes(production, development) == []
    assert find_dangerous_changes(production, development) == []
