"""The API offers the members of the rules and the models themselves: a member that is added there is offered here."""

from enum import Enum

import pytest
from graphql import GraphQLEnumType

from contract_rules import Action, Actor, EventType, Status
from contract_server.accounts.models import Role
from contract_server.contracts.models import TerminationReason
from contract_server.erasure.models import ConfirmedOutcome
from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core
from contract_server.graphql.types.enumerations import ContractAction

SCHEMA = core(build_schema(development=False))


@pytest.mark.parametrize(
    ("name", "enumeration"),
    [
        ("ContractStatus", Status),
        ("ContractEventType", EventType),
        ("Actor", Actor),
        ("Role", Role),
        ("TerminationReason", TerminationReason),
        ("ContractAction", ContractAction),
        ("ConfirmedOutcome", ConfirmedOutcome),
    ],
)
def test_an_enumeration_has_the_names_of_its_members(name: str, enumeration: type[Enum]) -> None:
    offered = SCHEMA.type_map[name]
    assert isinstance(offered, GraphQLEnumType)
    assert list(offered.values) == [member.name for member in enumeration]
    for member in enumeration:
        assert offered.coerce_output_value(member) == member.name
        assert offered.coerce_input_value(member.name) is member


def test_a_contractor_is_offered_actions_of_the_rules() -> None:
    assert {action.name for action in ContractAction} <= {action.name for action in Action}
