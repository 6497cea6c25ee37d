"""A document is parsed, weighed and validated once; the cache of documents is bounded."""

from collections import Counter

import pytest
from graphql import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_server.graphql.execution.documents import MOST_DOCUMENTS, Documents, PreparedDocument
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


class Visited:
    """A cache of documents, and how often it was asked in vain."""

    def __init__(self, **limits: int) -> None:
        self.documents = Documents(**limits)
        self.misses: Counter[str] = Counter()

    def use(self, *texts: str) -> None:
        for text in texts:
            if self.documents.find(text) is None:
                self.misses[text] += 1
                self.documents.keep(text, prepared(text))

    def cached(self, *texts: str) -> list[bool]:
        before = self.misses.copy()
        self.use(*texts)
        return [self.misses[text] == before[text] for text in texts]


def test_documents_that_are_used_once_leave_those_used_often_in_the_cache() -> None:
    cache = Visited()
    often = [document(number) for number in range(1_000, 1_050)]
    cache.use(*often, *often)
    cache.use(*map(document, range(MOST_DOCUMENTS + 1)))
    assert cache.cached(*often) == [True] * 50


def test_long_documents_that_are_used_once_leave_those_used_often_in_the_cache() -> None:
    cache = Visited()
    cache.use(document(0), document(0))
    cache.use(*(document(number).ljust(30_000) for number in range(1, 20)))
    assert cache.cached(document(0)) == [True]


def test_the_executor_prepares_a_page_once_however_many_new_documents_come_between(executor: Executor) -> None:
    page = "{ policy { name timeZone } }"
    executor.prepare(page)
    first = executor.prepare(page)
    for number in range(MOST_DOCUMENTS + 1):
        executor.prepare(f"query New{number} {{ policy {{ name }} }}")
    assert executor.prepare(page) is first


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from([document(number) for number in range(10, 50)]), max_size=200))
def test_no_order_of_uses_exceeds_a_limit(uses: list[str]) -> None:
    few, short = Visited(most=8), Visited(longest_texts=8 * len(document(10)))
    for cache in (few, short):
        cache.use(*uses)
        assert sum(cache.documents.find(text) is not None for text in set(uses)) <= 8


def test_of_documents_used_once_the_one_unused_for_longest_is_removed_first() -> None:
    cache = Visited(most=8)
    cache.use(*map(document, range(3)))
    assert cache.cached(document(2), document(1)) == [True, True]
    assert cache.cached(document(0)) == [False]


def test_of_documents_used_often_the_one_unused_for_longest_goes_back_on_probation() -> None:
    cache = Visited(most=4)
    for number in range(3):
        cache.use(document(number), document(number))
    cache.use(document(3), document(3))
    cache.use(document(4))  # takes the only place on probation
    assert cache.cached(*map(document, (3, 2, 1))) == [True] * 3
    assert cache.cached(document(0)) == [False]


def test_a_text_that_is_longer_than_all_that_may_be_kept_pushes_nothing_out() -> None:
    cache = Visited(longest_texts=4 * len(document(0)))
    cache.use(document(0))
    cache.use(document(0) + " ")
    assert cache.cached(document(0) + " ", document(0)) == [False, True]
