"""What a client leaves out of an input is told apart from null, and the documented limits are those of the code."""

import pytest
import strawberry

from contract_server.accounts.passwords.rules import LONGEST_PASSWORD, SHORTEST_PASSWORD
from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core
from contract_server.graphql.types import inputs
from contract_server.visible_text import LONGEST_REASON

SCHEMA = core(build_schema(development=True))


def test_optional_members_are_absent_unless_given() -> None:
    termination = inputs.TerminateContractInput(contract_id=strawberry.ID("x"))
    assert (termination.reason, termination.expected_version, termination.idempotency_key) == (strawberry.UNSET,) * 3
    assert inputs.ContractFilter().status is strawberry.UNSET


@pytest.mark.parametrize(
    ("type_", "field", "limits"),
    [
        ("ResetPasswordInput", "newPassword", (SHORTEST_PASSWORD, LONGEST_PASSWORD)),
        ("HoldErasureInput", "reason", (1, LONGEST_REASON)),
    ],
)
def test_the_description_of_a_text_has_its_limits(type_: str, field: str, limits: tuple[int, int]) -> None:
    description = SCHEMA.type_map[type_].fields[field].description  # type: ignore[attr-defined]
    assert description.startswith(f"{limits[0]} to {limits[1]} characters")


def test_every_mutation_with_input_has_one_argument_of_that_name() -> None:
    assert SCHEMA.mutation_type is not None
    for field in SCHEMA.mutation_type.fields.values():
        assert list(field.args) in ([], ["input"])
