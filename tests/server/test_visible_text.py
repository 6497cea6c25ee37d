"""Text of operators and files is one line of visible characters, wherever it comes in: by the API, a file or a command.

The places are read from the schema, the fields of the import and the commands. A new one fails until it is listed here.
"""

import sys
import unicodedata
from collections.abc import Iterator
from datetime import date
from itertools import product

import pytest
import strawberry
from graphql import GraphQLInputObjectType, get_named_type
from tests.command_parameters import parameters_of_commands
from tests.server.graphql.without_database import context_of, data_of, viewer
from typer.testing import CliRunner

from contract_server.accounts.models import Role
from contract_server.cli.command_line import COMMANDS, command_line
from contract_server.cli.exit_status import Refusal, Status
from contract_server.erasure.models import ConfirmedOutcome
from contract_server.graphql.operations.confirmations import read_answer
from contract_server.graphql.operations.problems import InvalidInputError
from contract_server.graphql.operations.registrations import read_registration
from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core
from contract_server.graphql.types.integration.confirmations import ConfirmErasureInput
from contract_server.graphql.types.integration.registration import (
    CompanyInput,
    ContractorInput,
    MemberInput,
    PutRegistrationInput,
)
from contract_server.onboarding.checks import CONTRACT_FIELDS, MEMBER_FIELDS, Checks
from contract_server.onboarding.lines import Kind, Line
from contract_server.visible_text import InvalidValue, escape, is_visible, require_line

ID = "018f0000-0000-7000-8000-000000000001"
SCHEMA = core(build_schema(development=False))
BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
INVISIBLE = [
    *CONTROLS,
    *BIDIRECTIONAL,
    *"\u2028\u2029",  # line and paragraph separators
    *"\u00a0\u2003\u202f",  # spaces that look like others
    *"\u00ad\u200b\u200d\u2060\ufeff\U000e0041",  # without width
    *"\u034f\u115f\u1160\u17b4\u180b\u2800\u3164\uffa0",  # letters and marks that show nothing
    *"\ue000\U000f0000",  # 外字
    "\u0378",  # no character
    "\ud800",  # half of one
]
VISIBLE = ["髙橋 﨑", "株式会社　さくら", "葛\U000e0100城", "辻󠄀", "José (Zoë) Ω", "が", "ﾊﾝｶｸ", "😀", "1-2-3 #§"]


def names(characters: list[str]) -> list[str]:
    return [f"U+{ord(character):04X}" for character in characters]


@pytest.mark.parametrize("text", VISIBLE)
def test_text_as_people_write_it_is_visible_and_written_as_it_is(text: str) -> None:
    assert is_visible(text)
    assert require_line(f" {text}\n", 40) == text
    assert escape(text) == text


@pytest.mark.parametrize("character", INVISIBLE, ids=names(INVISIBLE))
def test_an_invisible_character_is_refused_by_its_place_and_written_as_in_json(character: str) -> None:
    with pytest.raises(InvalidValue, match="character 2"):
        require_line(f"青{character}木", 40)
    assert is_visible(escape(f"青{character}木"))
    assert escape(character, keep=character) == character


def test_what_reorders_or_breaks_lines_or_has_no_picture_is_invisible() -> None:
    every = map(chr, range(sys.maxunicode + 1))
    invisible = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert [c for c in every if unicodedata.category(c) in invisible and is_visible(c)] == []


@pytest.mark.parametrize(
    ("text", "fits"), [("", False), (" \u3000", False), ("a", True), ("a" * 5, True), ("a" * 6, False)]
)
def test_a_line_has_one_character_up_to_the_longest(text: str, fits: bool) -> None:
    if fits:
        assert require_line(text, 5) == text
    else:
        with pytest.raises(InvalidValue, match="expected 1 to 5 characters"):
            require_line(text, 5)


# ------------------------------------------------------------------ the fields of the import

RECORD: dict[str, object] = {
    "contract_id": ID,
    "started_on": "2024-04-01",
    "company_name": "株式会社あおぞら",
    "company_address": "東京都千代田区1-2-3",
    "postal_code": "060-0001",
    "phone_number": "03-0000-0001",
    "name": "青木　春子",
    "email": "haruko@example.jp",
    "member_id": ID,
    "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$QGVsbG8gd29ybGQ$" + "A" * 43,
}


@pytest.mark.parametrize("kind", Kind)
def test_no_field_of_a_file_takes_an_invisible_character(kind: Kind) -> None:
    fields = (CONTRACT_FIELDS if kind is Kind.CONTRACT else MEMBER_FIELDS) - {"record", "contract_id"}
    check, values = Checks(date(2024, 4, 16)), {name: RECORD[name] for name in fields}
    assert faulty_fields(check, kind, values) == []
    for field, character in product(fields, INVISIBLE):
        value = str(values[field])
        damaged = values | {field: value[:3] + character + value[3:]}
        assert faulty_fields(check, kind, damaged) == [field], names([character])


def faulty_fields(check: Checks, kind: Kind, values: dict[str, object]) -> list[str]:
    line = Line(1, kind, values | {"record": kind.value, "contract_id": ID})
    _, faults = check.contract(line) if kind is Kind.CONTRACT else check.member(line)
    return [fault.field for fault in faults]


# ------------------------------------------------------------------ the inputs of the API

HOLD = """
mutation ($text: String!) {
  holdErasure(input: { contractId: "x", reason: $text }) { ... on InvalidInput { path } ... on Problem { code } }
}
"""
RELEASE = """
mutation ($text: String!) {
  releaseErasureHold(input: { contractId: "x", reason: $text }) { ... on InvalidInput { path } ... on Problem { code } }
}
"""
REFERENCE = """
mutation ($text: String!) {
  holdErasure(input: { contractId: "x", reason: "case 1", reference: $text }) {
    ... on InvalidInput { path } ... on Problem { code }
  }
}
"""


def with_text(name: str, input_: str) -> str:
    return f"mutation ($text: String!) {{ {name}(input: {{ {input_} }}) {{ ... on InvalidInput {{ path code }} }} }}"


OF_A_CONTRACT = 'contractId: "018f0000-0000-7000-8000-000000000001"'
OPERATORS_TEXTS = {
    "HoldErasureInput.reference": (REFERENCE, "holdErasure", ["input", "reference"]),
    "TerminateContractInput.note": (
        with_text("terminateContract", f"{OF_A_CONTRACT}, note: $text"),
        "terminateContract",
        ["input", "note"],
    ),
    "ResumeContractInput.note": (
        with_text("resumeContract", f"{OF_A_CONTRACT}, note: $text"),
        "resumeContract",
        ["input", "note"],
    ),
    "ContractorAccountInput.reason": (
        with_text("unlockContractor", f"{OF_A_CONTRACT}, reason: $text"),
        "unlockContractor",
        ["input", "reason"],
    ),
    "DismissMailInput.reason": (
        with_text("dismissMail", 'mailId: "1", reason: $text'),
        "dismissMail",
        ["input", "reason"],
    ),
    "HoldErasureInput.reason": (HOLD, "holdErasure", ["input", "reason"]),
    "ReleaseErasureHoldInput.reason": (RELEASE, "releaseErasureHold", ["input", "reason"]),
}
REASON_TO_RETAIN = "ConfirmErasureInput.reason"
TEXTS_OF_SERVICES = {
    "CompanyInput.name": ["company", "name"],
    "CompanyInput.address": ["company", "address"],
    "CompanyInput.postalCode": ["company", "postalCode"],
    "CompanyInput.phoneNumber": ["company", "phoneNumber"],
    "ContractorInput.name": ["contractor", "name"],
    "ContractorInput.email": ["contractor", "email"],
    "MemberInput.name": ["members", "0", "name"],
    "MemberInput.email": ["members", "0", "email"],
}
NO_TEXTS_OF_OPERATORS = {
    "PutRegistrationInput.idempotencyKey": "a key of the client, never shown",
    "ContractFilter.search": "compared, never stored",
    "LogInInput.email": "compared, never stored",
    "LogInInput.password": "hashed",
    "RequestPasswordResetInput.email": "compared, never stored",
    "ResetPasswordInput.token": "hashed",
    "ResetPasswordInput.newPassword": "hashed",
    "ChangePasswordInput.currentPassword": "compared with a hash",
    "ChangePasswordInput.newPassword": "hashed",
    "ConfirmAddressInput.token": "hashed",
    "PassSecondFactorInput.credential": "verified; its id is compared",
    "PassSecondFactorInput.recoveryCode": "hashed",
    "BeginEnrolmentInput.token": "hashed",
    "EnrolPasskeyInput.token": "hashed",
    "EnrolPasskeyInput.credential": "verified; its id and key are stored in base64url",
    "TerminateContractInput.idempotencyKey": "a key of the client, never shown",
    "ResumeContractInput.idempotencyKey": "a key of the client, never shown",
}


def texts_of_the_schema() -> Iterator[str]:
    for name, kind in SCHEMA.type_map.items():
        if isinstance(kind, GraphQLInputObjectType):
            yield from (
                f"{name}.{field}" for field, taken in kind.fields.items() if get_named_type(taken.type).name == "String"
            )


def test_every_text_of_the_api_is_checked_or_stored_nowhere() -> None:
    checked = OPERATORS_TEXTS.keys() | TEXTS_OF_SERVICES.keys() | {REASON_TO_RETAIN}
    assert set(texts_of_the_schema()) == checked | NO_TEXTS_OF_OPERATORS.keys()


@pytest.mark.parametrize("place", OPERATORS_TEXTS)
async def test_no_text_of_an_operator_takes_an_invisible_character(place: str) -> None:
    mutation, name, path = OPERATORS_TEXTS[place]
    for character in INVISIBLE:
        data = await data_of(context_of(viewer(Role.OPERATOR)), mutation, text=f"case{character}1")
        assert data == {name: {"path": path, "code": "INVALID_INPUT"}}, names([character])


def registration() -> PutRegistrationInput:
    company = CompanyInput(name="会社 一", address="東京都", postal_code="100-0001", phone_number="03-0000-0000")
    return PutRegistrationInput(
        contract_id=strawberry.ID(ID),
        company=company,
        contractor=ContractorInput(name="契約者", email="keiyaku@example.jp"),
        members=[MemberInput(name="会員 一", email="kaiin@example.jp")],
    )


@pytest.mark.parametrize("place", TEXTS_OF_SERVICES)
def test_no_text_of_a_service_takes_an_invisible_character(place: str) -> None:
    part, *_, field = path = TEXTS_OF_SERVICES[place]
    name = {"postalCode": "postal_code", "phoneNumber": "phone_number"}.get(field, field)
    for character in INVISIBLE:
        damaged = registration()
        owner = damaged.members[0] if part == "members" else getattr(damaged, part)
        value = getattr(owner, name)
        setattr(owner, name, value[:2] + character + value[2:])
        with pytest.raises(InvalidInputError) as refused:
            read_registration(damaged)
        assert refused.value.path == ["input", *path], names([character])


def test_no_reason_to_retain_something_takes_an_invisible_character() -> None:
    for character in INVISIBLE:
        with pytest.raises(InvalidInputError) as refused:
            read_answer(
                ConfirmErasureInput(
                    contract_id=strawberry.ID(ID),
                    outcome=ConfirmedOutcome.RETAINED,
                    reason=f"law{character}1",
                    until=date(2030, 1, 1),
                )
            )
        assert refused.value.path == ["input", "reason"], names([character])


# ------------------------------------------------------------------ the commands

TEXTS = {
    ("terminate", "reason"): ["terminate", ID, "--reason", "{}"],
    ("resume", "reason"): ["resume", ID, "--reason", "{}"],
    ("hold", "reason"): ["hold", ID, "--reason", "{}"],
    ("hold", "reference"): ["hold", ID, "--reason", "a", "--reference", "{}"],
    ("release", "reason"): ["release", ID, "--reason", "{}"],
    ("release", "reference"): ["release", ID, "--reason", "a", "--reference", "{}"],
    ("mails dismiss", "reason"): ["mails", "dismiss", "1", "--reason", "{}"],
    ("user add", "name"): ["user", "add", "operator@example.jp", "--name", "{}"],
    ("services add", "name"): ["services", "add", "{}", "--scope", "feed"],
    ("webhooks add", "name"): ["webhooks", "add", "{}", "https://billing.example.jp/hook"],
    ("webhooks add", "url"): ["webhooks", "add", "billing", "https://billing.example.jp/{}"],
    ("user add", "email"): ["user", "add", "{}operator@example.jp", "--name", "運用 太郎"],
    ("user rename", "name"): ["user", "rename", "operator@example.jp", "{}"],
    ("user change-address", "new_email"): ["user", "change-address", "operator@example.jp", "{}new@example.jp"],
    ("user transfer", "name"): ["user", "transfer", "a@example.jp", "new@example.jp", "--name", "{}"],
    ("user transfer", "new_email"): ["user", "transfer", "a@example.jp", "{}new@example.jp", "--name", "運用 太郎"],
}
NO_TEXTS = {
    ("dev", "host"): "an address to listen on",
    ("serve", "host"): "an address to listen on",
    ("contracts find", "text"): "compared, never stored",
    ("audit", "account"): "compared, never stored",
    **{
        (f"user {name}", "email"): "compared, never stored"
        for name in ["show", "password", "unlock", "enrol", "disable", "enable", "rename", "change-address", "transfer"]
    },
    ("services rotate", "name"): "compared, never stored",
    ("services revoke", "name"): "compared, never stored",
    ("webhooks deliveries", "name"): "compared, never stored",
    ("webhooks retry", "name"): "compared, never stored",
    ("webhooks dismiss", "name"): "compared, never stored",
    ("webhooks rotate", "name"): "compared, never stored",
    ("webhooks remove", "name"): "compared, never stored",
}
OPERATOR = "as_"  # the address of who acts: compared, never stored


def test_every_text_of_the_commands_is_checked_or_stored_nowhere() -> None:
    texts = {
        (command, parameter.name)
        for command, parameter in parameters_of_commands()
        if parameter.type_descriptor.annotation is str and parameter.name != OPERATOR
    }
    assert texts == TEXTS.keys() | NO_TEXTS.keys()


@pytest.mark.parametrize("place", TEXTS, ids=" ".join)
def test_no_command_takes_an_invisible_character(place: tuple[str, str]) -> None:
    for character in INVISIBLE:
        result = CliRunner().invoke(
            command_line(*COMMANDS), [argument.replace("{}", f"a{character}b") for argument in TEXTS[place]]
        )
        assert isinstance(result.exception, Refusal), names([character])
        assert result.exception.status is Status.MISUNDERSTOOD
        assert is_visible(str(result.exception))
