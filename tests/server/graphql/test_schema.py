"""The schema that is served is the one that was agreed with the front-end teams, and the one that is exported.

What breaks the clients of the last release is announced to them.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    is_abstract_type,
    is_specified_scalar_type,
)
from graphql.utilities import find_breaking_changes, find_dangerous_changes
from tests.server.graphql.schema_elements import elements

import contract_server
from contract_server.graphql import schema as served

AGREED = Path(__file__).parents[1] / "agreed.graphql"
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
    there = {coordinate: element.description for coordinate, element in elements(development)}
    told = {coordinate: element.description for coordinate, element in elements(agreed) if element.description}
    assert there | told == there
    assert development.description == agreed.description


def test_every_type_field_argument_and_value_is_described(development: GraphQLSchema) -> None:
    assert [coordinate for coordinate, element in elements(development) if not element.description] == []


def test_every_scalar_names_its_specification_as_agreed(agreed: GraphQLSchema, development: GraphQLSchema) -> None:
    urls = {name: kind.specified_by_url for name, kind in scalars(development)}
    assert urls.keys() > set()
    assert all(urls.values())
    assert urls == {name: kind.specified_by_url for name, kind in scalars(agreed)}


def scalars(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLScalarType]]:
    """The scalars of the schema's own."""
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLScalarType) and not is_specified_scalar_type(kind):
            yield name, kind


def test_the_possible_types_are_those_of_every_interface_and_union(development: GraphQLSchema) -> None:
    exported = json.loads((EXPORTED / "possible-types.json").read_text(encoding="utf-8"))
    abstract = [kind for kind in development.type_map.values() if is_abstract_type(kind)]
    assert exported == {
        kind.name: sorted(member.name for member in development.get_possible_types(kind)) for kind in abstract
    }


def test_the_exported_possible_types_are_up_to_date() -> None:
    exported = (EXPORTED / "possible-types.json").read_text(encoding="utf-8")
    assert exported == served.export_possible_types(served.build_schema(development=True)), "run `make schema`"


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


def unannounced(changelog: str, before: GraphQLSchema, after: GraphQLSchema) -> list[str]:
    """The breaking changes that the changelog says nothing of where it tells what is not released yet."""
    unreleased = re.split(r"^## .*$", changelog, flags=re.MULTILINE)[1]
    changes = [change.description for change in find_breaking_changes(before, after)]
    return [change for change in changes if change not in unreleased]


def test_no_breaking_change_since_the_release_goes_without_a_word_in_the_changelog(development: GraphQLSchema) -> None:
    released = build_schema((EXPORTED / "schema.released.graphql").read_text(encoding="utf-8"))
    changelog = (EXPORTED / "CHANGELOG.md").read_text(encoding="utf-8")
    assert unannounced(changelog, released, development) == [], "packages/server/CHANGELOG.md: say so under Unreleased"


REMOVED = "Field Viewer.sessionExpiresAt was removed."


@pytest.mark.parametrize(
    ("changelog", "missing"),
    [
        (f"## Unreleased\n\n## 1.0.0\n\n- {REMOVED}", [REMOVED]),
        (f"## Unreleased\n\n- {REMOVED}\n\n## 1.0.0\n", []),
    ],
)
def test_a_breaking_change_is_announced_where_it_stands_under_unreleased(
    agreed: GraphQLSchema, changelog: str, missing: list[str]
) -> None:
    changed = build_schema(AGREED.read_text(encoding="utf-8").replace("  sessionExpiresAt: DateTime!\n", ""))
    assert unannounced(changelog, agreed, changed) == missing
