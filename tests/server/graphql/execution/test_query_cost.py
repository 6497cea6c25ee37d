"""How much one document may ask for, up to the last one that passes."""

from collections.abc import Callable, Mapping

import pytest
from graphql import GraphQLField, GraphQLObjectType, get_introspection_query, get_nullable_type, is_list_type, parse

from contract_server.graphql.execution.query_cost import (
    LENGTHS,
    TOKENS,
    VALUE_DEPTH,
    VALUES,
    OverBudget,
    check_budget,
    check_values,
)
from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core


def spread(name: str, times: int) -> str:
    return f"...{name} " * times


def nested(levels: int) -> str:
    return "{ a " * levels + "}" * levels


def events(*pages: int) -> str:
    return " ".join(f"e{number}: events(first: {page}) {{ a }}" for number, page in enumerate(pages))


def unlike(prefix: str, count: int) -> str:
    return "".join(f"{prefix}{number} " for number in range(count))


def chained(braces: int) -> str:
    """An operation of as many nested braces, all but the outermost of fragments that spread the next one."""
    chain = "".join(f" fragment F{number} on T {{ ...F{number + 1} }}" for number in range(braces - 2))
    return "{ ...F0 }" + chain + f" fragment F{braces - 2} on T {{ a }}"


TEN_FIELDS = "fragment F on T { " + unlike("f", 10) + "}"
FIVE_ALIASES = "fragment F on T { a: a b: b c: c d: d e: e }"

LIMITS: dict[str, tuple[int, Callable[[int], str]]] = {
    "fields": (1_000, lambda n: "{ " + unlike("a", n) + "}"),
    "fields of a fragment, each time": (
        1_000,
        lambda n: "{ " + spread("F", 99) + unlike("a", n - 990) + "} " + TEN_FIELDS,
    ),
    "fields of all levels": (1_000, lambda n: "{ a { ...F ...F } " + unlike("c", n - 21) + "} " + TEN_FIELDS),
    "fields of all operations": (
        1_000,
        lambda n: "query A { ...F } query B { " + unlike("a", n - 10) + "} " + TEN_FIELDS,
    ),
    "fields of an unused fragment": (1_000, lambda n: "{ a } fragment U on T { " + unlike("b", n) + "}"),
    "directives": (10, lambda n: "{ a " + "@skip(if: false) " * n + "}"),
    "directives anywhere": (10, lambda n: "query ($a: Int " + "@x " * (n - 2) + ") @x { ... @x { a } }"),
    "fields of one name": (100, lambda n: "{ " + "...{ a } " * (n - 1) + "...F } fragment F on T { a }"),
    "depth": (12, nested),
    "depth through a fragment": (12, lambda n: "{ a { ...F } } fragment F on T " + nested(n - 1)),
    "depth through inline fragments": (12, lambda n: "{ ... " + nested(n) + " }"),
    "aliases": (15, lambda n: "{ " + "".join(f"a{number}: a " for number in range(n)) + "}"),
    "aliases of all operations": (15, lambda n: "query A { a: a } query B { " + "b: b " * (n - 1) + "}"),
    "aliases of a fragment, each time": (15, lambda n: "{ ...F ...F " + "b: b " * (n - 10) + "} " + FIVE_ALIASES),
    "mutation fields": (1, lambda n: "mutation { __typename " + "logOut { ok } " * n + "}"),
    "mutation fields of a fragment": (1, lambda n: "mutation { ...M } fragment M on T { " + "a { b } " * n + "}"),
    "braces": (60, lambda n: "{ ... " * (n - 1) + "{ a }" + "}" * (n - 1)),
    "braces of fragments": (60, chained),
    "braces of fragments, weighed from the last on": (60, lambda n: "{ ...F30 ...F5 } " + chained(n)),
    "items": (15_000, lambda n: "{ contracts(first: 100) { nodes { " + events(100, n // 100 - 101) + " } } }"),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_document_may_have_as_many_as_the_limit_and_no_more(name: str) -> None:
    limit, document = LIMITS[name]
    check_budget(parse(document(limit)))
    with pytest.raises(OverBudget):
        check_budget(parse(document(limit + (100 if name == "items" else 1))))


@pytest.mark.parametrize("argument", ["first", "last"])
@pytest.mark.parametrize("size", ["$n", "100000000000000000000", "100", "-1"])
def test_a_page_counts_as_a_hundred_items_unless_it_says_less(argument: str, size: str) -> None:
    inner = "".join(f"e{k}: events({argument}: {size}) {{ a }} " for k in range(2))
    document = parse(f"query ($n: Int) {{ contracts({argument}: {size}) {{ {inner} }} }}")
    if size == "-1":
        check_budget(document)
    else:
        with pytest.raises(OverBudget, match="items"):
            check_budget(document)


def test_a_page_counts_as_twenty_items_where_it_does_not_say() -> None:
    def document(events: int) -> str:
        return f"{{ contracts(first: $n) {{ {' '.join(f'e{k}: events {{ a }}' for k in range(events))} }} }}"

    check_budget(parse(f"query ($n: Int) {document(7)}"))
    with pytest.raises(OverBudget, match="items"):
        check_budget(parse(f"query ($n: Int) {document(8)}"))


def test_a_full_page_of_contracts_with_a_full_page_of_events_passes() -> None:
    check_budget(parse("query ($n: Int) { contracts(first: $n) { nodes { events(first: $n) { nodes { type } } } } }"))


@pytest.mark.parametrize("begin", ["{ ...F0 ...F0 }", "{ a }"], ids=["spread", "unused"])
def test_fragments_that_multiply_are_weighed_once_each_and_refused(begin: str) -> None:
    """2^50 fields; weighed at each spread, the test would never end."""
    bomb = "".join(f" fragment F{k} on T {{ {spread(f'F{k + 1}', 2)} }}" for k in range(50))
    with pytest.raises(OverBudget, match="fields, counted at each spread"):
        check_budget(parse(begin + bomb + " fragment F50 on T { a }"))


def test_a_page_may_have_as_many_fragments_as_components() -> None:
    fragments = "".join(f" fragment C{k} on Contract {{ id }}" for k in range(90))
    page = "{ viewer { contract { " + "".join(f"...C{k} " for k in range(90)) + "} } }"
    check_budget(parse(page + fragments, max_lexical_tokens=TOKENS))


def test_fragments_in_a_circle_and_unknown_ones_are_left_to_validation() -> None:
    check_budget(parse("{ ...A } fragment A on T { a { ...B } } fragment B on T { b { ...A ...C } }"))


def test_nesting_is_bounded_where_it_counts_as_no_depth() -> None:
    with pytest.raises(OverBudget, match="braces"):
        check_budget(parse("{ __schema " + nested(60) + "}"))


def test_text_that_nothing_can_store_is_refused() -> None:
    with pytest.raises(OverBudget, match="U\\+0000"):
        check_budget(parse('{ a(b: [{ c: "\\u0000" }]) }'))


def test_the_introspection_of_tools_is_within_the_budget() -> None:
    check_budget(parse(get_introspection_query(input_value_deprecation=True), max_lexical_tokens=TOKENS))


REQUESTS: dict[str, Callable[[int], Mapping[str, object]]] = {
    "members of the request": lambda n: dict.fromkeys(map(str, range(n)), 1),
    "variables": lambda n: {"query": "{ a }", "variables": dict.fromkeys(map(str, range(n - 2)), 1)},
    "keys of an input": lambda n: {"variables": {"f": dict.fromkeys(map(str, range(n - 2)), 1)}},
    "items of a list": lambda n: {"variables": {"f": {"status": ["ACTIVE"] * (n - 3)}}},
    "items of many lists": lambda n: {"variables": {"a": [[]] * 9, "b": [1] * (n - 12)}},
    "keys of extensions": lambda n: {"query": "{ a }", "extensions": dict.fromkeys(map(str, range(n - 2)), 1)},
    "items of an unknown member": lambda n: {"anything": [None] * (n - 1)},
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_json_of_a_request_may_hold_as_many_values_as_the_limit_and_no_more(name: str) -> None:
    request = REQUESTS[name]
    check_values(request(VALUES))
    with pytest.raises(OverBudget, match=f"At most {VALUES} members and items"):
        check_values(request(VALUES + 1))


@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": value}], ids=["lists", "objects"])
@pytest.mark.parametrize("member", ["variables", "extensions", "anything"])
def test_the_json_of_a_request_may_be_nested_as_deep_as_the_limit_and_no_deeper(
    member: str, wrap: Callable[[object], object]
) -> None:
    value: object = 1
    for _ in range(VALUE_DEPTH - 1):
        value = wrap(value)
    check_values({member: value})
    with pytest.raises(OverBudget, match=f"At most {VALUE_DEPTH} levels"):
        check_values({member: wrap(value)})


def test_a_text_is_one_value_however_long_it_is() -> None:
    check_values({"query": "[{" * 10_000})


SHORT_LISTS = {
    "availableActions",
    "checks",
    "contracts",  # of `contractFacts`: as many as there are ids, which count as values
    "lastLogIns",
    "path",
    "recoveryCodes",
    "unknown",  # as `contracts`
}
OF_A_PAGE = {"edges", "nodes"}


def can_be_long(field: GraphQLField) -> bool:
    return "first" in field.args or is_list_type(get_nullable_type(field.type))


def test_the_length_of_every_list_of_the_schema_is_known() -> None:
    lists = {
        name
        for kind in core(build_schema(development=True)).type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
        for name, field in kind.fields.items()
        if can_be_long(field)
    }
    assert lists - OF_A_PAGE - SHORT_LISTS == LENGTHS.keys() - SHORT_LISTS


def test_lists_without_pages_count_as_long_as_they_can_be() -> None:
    check_budget(parse("{ contracts(first: 99) { nodes { mails { id } erasureHolds { reference } } } }"))
    with pytest.raises(OverBudget, match="items on all pages"):
        check_budget(parse("{ contracts(first: 100) { nodes { mails { id } erasureHolds { reference } } } }"))
