"""In production strangers learn nothing of the schema, unless it is configured otherwise."""

import httpx
import pytest
from graphql import get_introspection_query
from tests.server.asgi import client_of

from contract_server.settings import Settings
from contract_server.web.app import create_app

INTROSPECTION = get_introspection_query(
    descriptions=True,
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
)
MISSPELT: list[tuple[str, dict[str, object]]] = [
    ("{ polcy { version } }", {}),
    ("{ policy { versio } }", {}),
    ("{ timeline(requestedO: 1) { requestedOn } }", {}),
    ("{ viewer { ... on Viewe { name } } }", {}),
    ("query ($a: Dat) { timeline(requestedOn: $a) { requestedOn } }", {}),
    ("{ contracts(filter: { statu: ACTIVE }) { nodes { id } } }", {}),
    ("{ contracts(filter: { status: ACTIV }) { nodes { id } } }", {}),
    ('{ contracts(filter: { status: "ACTIVE" }) { nodes { id } } }', {}),
    ("query ($f: ContractFilter) { contracts(filter: $f) { nodes { id } } }", {"f": {"statu": 1}}),
    ("query ($f: ContractFilter) { contracts(filter: $f) { nodes { id } } }", {"f": {"status": ["ACTIV"]}}),
    ("mutation { logIn(inpu: {}) { __typename } }", {}),
    ("mutation { logIn(input: { emai: 1 }) { __typename } }", {}),
    ("{ __typename @inclde(if: true) }", {}),
    ("{ viewer }", {}),
]


@pytest.mark.parametrize(("query", "variables"), MISSPELT)
async def test_nobody_guesses_for_a_stranger_in_production(
    production: httpx.AsyncClient, query: str, variables: dict[str, object]
) -> None:
    answer = await production.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200
    assert answer.json()["errors"]
    assert "did you mean" not in answer.text.lower()


async def test_a_developer_gets_suggestions(development: httpx.AsyncClient) -> None:
    for query, variables in MISSPELT[:2] + MISSPELT[8:10]:
        answer = await development.post("/graphql", json={"query": query, "variables": variables})
        assert "Did you mean" in answer.text


@pytest.mark.parametrize(
    "query",
    [INTROSPECTION, '{ __type(name: "Query") { name } }', "{ ...F } fragment F on Query { __schema { description } }"],
)
async def test_production_does_not_describe_itself(production: httpx.AsyncClient, query: str) -> None:
    answer = await production.post("/graphql", json={"query": query})
    assert "data" not in answer.json()
    assert "introspection" in answer.json()["errors"][0]["message"]


async def test_production_describes_itself_where_that_is_configured(production_settings: Settings) -> None:
    app = create_app(production_settings.model_copy(update={"introspection": True}))
    answer = await client_of(app).post("/graphql", json={"query": INTROSPECTION})
    assert answer.json()["data"]["__schema"]["queryType"]["name"] == "Query"


async def test_the_introspection_of_tools_passes_in_development(development: httpx.AsyncClient) -> None:
    answer = await development.post("/graphql", json={"query": INTROSPECTION})
    assert "errors" not in answer.json()
