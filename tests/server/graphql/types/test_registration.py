"""What is said of a value's length is what is checked."""

import re

import pytest
import strawberry

from contract_server.graphql.operations.problems import InvalidInputError
from contract_server.graphql.operations.registrations import read_registration
from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core
from contract_server.graphql.types.integration.registration import (
    CompanyInput,
    ContractorInput,
    MemberInput,
    PutRegistrationInput,
)

INPUTS = {
    "CompanyInput": ("name", "address", "postalCode", "phoneNumber"),
    "ContractorInput": ("name",),
    "MemberInput": ("name",),
}
PLACES = [(kind, field) for kind, fields in INPUTS.items() for field in fields]


def registration(kind: str, field: str, value: str) -> PutRegistrationInput:
    """A registration with this value in one place."""
    name = re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", field)
    company = CompanyInput(name="会社", address="東京都", postal_code="100-0001", phone_number="03-0000-0000")
    contractor = ContractorInput(name="契約者", email="keiyaku@example.jp")
    member = MemberInput(name="会員", email="kaiin@example.jp")
    setattr({"CompanyInput": company, "ContractorInput": contractor, "MemberInput": member}[kind], name, value)
    contract_id = strawberry.ID("018f0000-0000-7000-8000-000000000001")
    return PutRegistrationInput(contract_id=contract_id, company=company, contractor=contractor, members=[member])


@pytest.mark.parametrize(("kind", "field"), PLACES)
def test_a_value_may_be_as_long_as_its_description_says(kind: str, field: str) -> None:
    described = core(build_schema(development=False)).type_map[kind].fields[field].description  # type: ignore[attr-defined]
    longest = int(re.findall(r"1 to (\d+) characters", described)[0])
    read_registration(registration(kind, field, "x" * longest))
    for value in ("", "x" * (longest + 1)):
        with pytest.raises(InvalidInputError):
            read_registration(registration(kind, field, value))
