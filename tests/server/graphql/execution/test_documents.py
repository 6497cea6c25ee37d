"""A document is parsed, weighed and validated once; the cache of documents is bounded."""

import pytest
from graphql import parse

from contract_server.graphql.execution.documents import Documents, PreparedDocument
from contract_server.graphql.execution.executor import DocumentRefused, Executor
from contract_server.graphql.execution.query_cost import DEPTH
from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core

SCHEMA = core(build_schema(development=False))


@pytest.fixture(scope="module")
def executor() -> Executor:
    return Executor(build_schema(development=False), introspection=False)


def document(number: int) -> str:
    return f"{{ policy {{ field{number}: name }} }}"


def prepared(text: str) -> PreparedDocument:
    return PreparedDocument(SCHEMA, parse(text))


def test_the_same_text_is_prepared_once(executor: Executor) -> None:
    first = executor.prepare("{ policy { name } }")
    assert executor.prepare("{ policy { name } }") is first
    assert executor.prepare("{ policy { name }  }") is not first


def test_an_operation_is_compiled_once_for_each_name(executor: Executor) -> None:
    document = executor.prepare("query One { policy { name } } query Two { policy { version } }")
    one = document.operation("One")
    assert one is not None
    assert one.compiled is not None
    assert document.operation("One") is one
    assert document.operation("Two") not in (one, None)
    assert document.operation(None) is None
    assert document.operation("Three") is None


def test_without_compilation_graphql_core_executes_every_operation() -> None:
    executor = Executor(build_schema(development=False), introspection=False, compile_operations=False)
    operation = executor.prepare("{ policy { name } }").operation(None)
    assert operation is not None
    assert operation.compiled is None


@pytest.mark.parametrize(
    "text",
    [
        "{ policy {",
        "{ policy { nothingLikeIt } }",
        "{ policy " * (DEPTH + 1) + "}" * (DEPTH + 1),
        "{ __schema { description } }",
    ],
    ids=["not GraphQL", "not in the schema", "too deep", "hidden"],
)
def test_what_is_refused_is_refused_each_time(executor: Executor, text: str) -> None:
    for _ in range(3):
        with pytest.raises(DocumentRefused):
            executor.prepare(text)


def test_the_document_that_has_gone_unused_for_longest_is_forgotten_first() -> None:
    documents = Documents(most=3)
    for number in range(3):
        documents.keep(document(number), prepared(document(number)))
    assert documents.find(document(0))
    documents.keep(document(3), prepared(document(3)))
    assert [documents.find(document(number)) is not None for number in range(4)] == [True, False, True, True]


def test_texts_are_kept_up_to_a_length_that_they_share() -> None:
    length = len(document(0))
    documents = Documents(longest_texts=3 * length)
    for number in range(9):
        documents.keep(document(number), prepared(document(number)))
        documents.keep(document(number), prepared(document(number)))
    assert [documents.find(document(number)) is not None for number in range(9)] == [False] * 6 + [True] * 3


def test_a_text_that_is_longer_than_all_that_may_be_kept_pushes_nothing_out() -> None:
    documents = Documents(longest_texts=len(document(0)))
    documents.keep(document(0), prepared(document(0)))
    longer = document(0) + " "
    documents.keep(longer, prepared(longer))
    assert documents.find(document(0))
    assert documents.find(longer) is None
