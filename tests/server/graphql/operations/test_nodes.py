"""Every type with an id of its own is found by that id, by those who may see it."""

import pytest
from tests.server.running import ACTIVE_CONTRACT, Client

from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core

NODE = """
query ($id: ID!) {
  node(id: $id) { __typename id ... on Contract { status } ... on ContractEvent { type } ... on AuditEntry { action } }
}
"""
IDS = """
query ($id: ID!) {
  contract(id: $id) { id events(first: 1) { nodes { id } } }
  auditLog(filter: { action: LOGGED_IN }, first: 1) { nodes { id } }
}
"""
OF_CONTRACTORS = {"Contract", "ContractEvent"}


async def log_in(client: Client, name: str) -> None:
    client.http.cookies.clear()
    await client.log_in(f"{name}@example.jp")


async def ids_by_type(client: Client) -> dict[str, str]:
    """The id of one object of each type, as an operator reads them."""
    await log_in(client, "operator")
    answer = await client.ask(IDS, id=ACTIVE_CONTRACT)
    (event,), (entry,) = answer["contract"]["events"]["nodes"], answer["auditLog"]["nodes"]
    return {"Contract": ACTIVE_CONTRACT, "ContractEvent": event["id"], "AuditEntry": entry["id"]}


async def found(client: Client, ids: dict[str, str]) -> set[str]:
    """The types of those objects that the viewer finds, each with the id that was asked for."""
    nodes = {name: (await client.ask(NODE, id=id_))["node"] for name, id_ in ids.items()}
    shown = {name: (node["__typename"], node["id"]) for name, node in nodes.items() if node}
    assert shown == {name: (name, ids[name]) for name in shown}
    return set(shown)


async def test_each_type_of_node_is_found_by_those_who_may_see_it(client: Client) -> None:
    ids = await ids_by_type(client)
    schema = core(build_schema(development=False))
    assert ids.keys() == {kind.name for kind in schema.get_possible_types(schema.type_map["Node"])}  # type: ignore[arg-type]
    assert await found(client, ids) == ids.keys()
    await log_in(client, "active")
    assert await found(client, ids) == OF_CONTRACTORS
    await log_in(client, "grace")
    assert await found(client, ids) == set()


@pytest.mark.parametrize("name", ["operator", "active"])
async def test_what_is_no_id_and_what_has_no_object_is_null(client: Client, name: str) -> None:
    await log_in(client, name)
    for text in ("", "x", "契約", "00000000-0000-0000-0000-000000000009"):
        assert (await client.ask(NODE, id=text))["node"] is None
