"""A client that knows `Problem` can handle every problem, those of a later version included."""

from graphql import GraphQLObjectType, GraphQLUnionType

from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core

SCHEMA = core(build_schema(development=True))
UNIONS = [kind for kind in SCHEMA.type_map.values() if isinstance(kind, GraphQLUnionType)]


def problems() -> list[GraphQLObjectType]:
    interface = SCHEMA.type_map["Problem"]
    return list(SCHEMA.get_possible_types(interface))  # type: ignore[arg-type]


def test_a_result_is_one_success_or_a_problem() -> None:
    for union in UNIONS:
        successes = [member.name for member in union.types if member not in problems()]
        assert len(successes) == 1, union.name
        assert union.types[0].name == successes[0]


def test_every_problem_is_a_result_of_some_mutation() -> None:
    assert {problem.name for problem in problems()} == {
        member.name for union in UNIONS for member in union.types if member in problems()
    }


def test_every_problem_has_a_code_and_a_message_and_no_other_type_is_in_the_schema() -> None:
    for problem in problems():
        assert list(problem.fields)[:2] == ["code", "message"]
    assert not [name for name in SCHEMA.type_map if name.startswith("_") and not name.startswith("__")]
