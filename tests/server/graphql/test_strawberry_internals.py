"""The adapter of Strawberry's internals is checked at every update, and reports what it cannot offer."""

from enum import Enum
from importlib.metadata import version

import pytest
import strawberry

from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import WRITTEN_FOR, converter_of, core, definition_of, offer_enum

CHECK = (
    "graphql/strawberry_internals.py uses private parts of {package} {written_for}. Compare with {installed}: its"
    " `Schema._schema`, `GraphQLSchema._strawberry_schema`, `GraphQLCoreConverter._get_field_exception_handlers` and"
    " `from_resolver` (which `execution/compiled.py` repeats), `Info`, `convert_arguments`, the validation rules that"
    " `Schema` adds, and `EnumValue.description`. Then run tests/server/graphql and write the version into WRITTEN_FOR."
)


@pytest.mark.parametrize("package", WRITTEN_FOR)
def test_the_adapter_was_checked_with_the_installed_version(package: str) -> None:
    installed, written_for = version(package), WRITTEN_FOR[package]
    assert installed == written_for, CHECK.format(package=package, written_for=written_for, installed=installed)


def test_a_schema_leads_to_the_converter_and_the_definitions_that_made_it() -> None:
    schema = build_schema(development=False)
    assert converter_of(core(schema)) is schema.schema_converter
    query = core(schema).query_type
    assert query is not None
    assert definition_of(query.fields["policy"]).python_name == "policy"


class Size(Enum):
    """An enumeration that knows nothing of the API."""

    SMALL = "s"
    LARGE = "l"


def test_an_enumeration_that_is_defined_elsewhere_has_a_description_of_each_member() -> None:
    offer_enum(Size, name="Sizes", description="How large.", members={Size.SMALL: "Small.", Size.LARGE: "Large."})

    @strawberry.type
    class Query:
        size: Size = Size.SMALL

    sizes = core(strawberry.Schema(Query)).type_map["Sizes"]
    assert sizes.description == "How large."
    assert {name: value.description for name, value in sizes.values.items()} == {"SMALL": "Small.", "LARGE": "Large."}  # type: ignore[attr-defined]


def test_a_member_without_a_description_is_reported_by_its_name() -> None:
    with pytest.raises(ValueError, match=r"Sizes has no entry for Size\.LARGE"):
        offer_enum(Size, name="Sizes", description="How large.", members={Size.SMALL: "Small."})
