"""The tour's operations: valid for the agreed schema, within the query limits, explained in both languages."""

import re
from collections import Counter

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    get_variable_values,
    parse,
    validate,
)
from graphql.language import Lexer, Source, TokenKind
from tests.server.playground.sources import AGREED_SCHEMA, PROJECT, STEPS, Step

from contract_server.development.demo.people import CONTRACTS, OPERATOR_EMAIL, PASSWORD

every_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)


@pytest.fixture(scope="module")
def agreed() -> GraphQLSchema:
    return build_schema(AGREED_SCHEMA.read_text(encoding="utf-8"))


def operations(step: Step) -> list[OperationDefinitionNode]:
    return [node for node in parse(step.document).definitions if isinstance(node, OperationDefinitionNode)]


@every_step
def test_operations_are_valid_for_the_agreed_schema(step: Step, agreed: GraphQLSchema) -> None:
    assert validate(agreed, parse(step.document)) == []


@every_step
def test_variables_fit_every_operation_of_their_step(step: Step, agreed: GraphQLSchema) -> None:
    for operation in operations(step):
        declared = operation.variable_definitions or ()
        values = get_variable_values(agreed, declared, step.variables)
        assert not isinstance(values, list), values
        assert set(step.variables) <= {definition.variable.name.value for definition in declared}


@every_step
def test_operations_change_one_thing_at_a_time(step: Step) -> None:
    for operation in operations(step):
        assert operation.operation.value == "query" or len(operation.selection_set.selections) == 1


@every_step
def test_operations_have_no_more_tokens_than_the_server_reads(step: Step) -> None:
    lexer, tokens = Lexer(Source(step.document)), 0
    while lexer.advance().kind is not TokenKind.EOF:
        tokens += 1
    assert tokens <= 1_000


@every_step
def test_steps_begin_with_their_title_in_japanese_and_in_english(step: Step) -> None:
    japanese, english, separator, *_ = step.document.splitlines()
    number = int(step.file.name.split("-")[0])
    assert re.fullmatch(rf"# {number}\. .*[ぁ-んァ-ヶ一-龠].*", japanese)
    assert re.fullmatch(rf"# {number}\. [A-Z][ -~]+", english)
    assert separator == "#"


def test_names_of_operations_and_fragments_are_unique_so_that_clients_can_be_generated_from_them() -> None:
    definitions = [definition for step in STEPS for definition in parse(step.document).definitions]
    for kind in (OperationDefinitionNode, FragmentDefinitionNode):
        names = Counter(node.name.value for node in definitions if isinstance(node, kind) and node.name)
        assert names.total() == sum(isinstance(node, kind) for node in definitions)
        assert max(names.values()) == 1


def test_every_secret_that_the_api_takes_is_one_that_the_browser_does_not_store(agreed: GraphQLSchema) -> None:
    (pattern,) = re.findall(
        r'^const SECRET = "(.+)";$', (PROJECT / "src" / "storage.js").read_text("utf-8"), re.MULTILINE
    )
    names = {name for definition in agreed.type_map.values() for name in inputs_of(definition)}
    secrets = {
        name for name in names if re.search("pass(word|phrase)|token|secret|recovery|credential", name, re.IGNORECASE)
    }
    assert {"password", "newPassword", "token", "recoveryCode"} <= secrets
    # what a passkey signs is good for one try
    assert {name for name in secrets if not re.search(pattern, name, re.IGNORECASE)} == {"credential"}


def inputs_of(definition: GraphQLNamedType) -> set[str]:
    """The names of what is given to a type: its fields, or the arguments of its fields."""
    if isinstance(definition, GraphQLInputObjectType):
        return set(definition.fields)
    if isinstance(definition, GraphQLObjectType):
        return {name for field in definition.fields.values() for name in field.args}
    return set()


def test_variables_name_people_and_contracts_of_the_demonstration() -> None:
    variables = [step.variables for step in STEPS]
    inputs = [values.get("input", values) for values in variables]
    contracts = {fields["contractId"] for fields in inputs if "contractId" in fields}
    log_ins = {(fields["email"], fields["password"]) for fields in inputs if "email" in fields}
    assert contracts <= {str(contract.id) for contract in CONTRACTS}
    assert log_ins == {(CONTRACTS[0].email, PASSWORD), (OPERATOR_EMAIL, PASSWORD)}
