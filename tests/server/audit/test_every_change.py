"""Every mutation leaves an entry that names the person and the way. A new mutation without a row here fails."""

import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLObjectType
from tests.server.integration.registering import put_registration
from tests.server.running import ACTIVE_CONTRACT, ASK_FOR_LINK, RESUME, TERMINATE, Client, Running

from contract_server.development.demo.people import CONTRACTS, OPERATOR_NAME
from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core

CONTRACTOR, OPERATOR = "active@example.jp", "operator@example.jp"
NAME_OF_CONTRACTOR = CONTRACTS[0].contractor
NEW_PASSWORD = "とても長いパスワード 2026"
HOLD = 'mutation ($id: ID!) { holdErasure(input: { contractId: $id, reason: "case 1" }) { __typename } }'
RELEASE = 'mutation ($id: ID!) { releaseErasureHold(input: { contractId: $id, reason: "case 2" }) { __typename } }'
SET_PASSWORD = """
mutation ($token: String!, $password: String!) {
  resetPassword(input: { token: $token, newPassword: $password }) { __typename }
}
"""
LOG = """
query ($filter: AuditFilter, $first: Int, $after: String) {
  auditLog(filter: $filter, first: $first, after: $after) {
    nodes { action event interface reason source contractId account { name } about { name } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}
"""

MUTATIONS = {
    "logIn": ("LOGGED_IN", NAME_OF_CONTRACTOR, None),
    "logOut": ("LOGGED_OUT", NAME_OF_CONTRACTOR, None),
    "requestPasswordReset": ("PASSWORD_LINK_REQUESTED", None, None),
    "resetPassword": ("PASSWORD_REPLACED", NAME_OF_CONTRACTOR, None),
    "terminateContract": ("TERMINATION_REQUESTED", NAME_OF_CONTRACTOR, None),
    "resumeContract": ("RESUMED", NAME_OF_CONTRACTOR, None),
    "holdErasure": ("ERASURE_HELD", OPERATOR_NAME, "case 1"),
    "releaseErasureHold": ("ERASURE_HOLD_RELEASED", OPERATOR_NAME, "case 2"),
    "putRegistration": ("MEMBERS_REMOVED", None, None),
}
"""The newest entry after each mutation: what, by whom, and why."""


@pytest.fixture
async def connection(service: Running) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(service.database_url)
    yield connection
    await connection.close()


async def do(name: str, client: Client, service: Running) -> None:
    """Ask for one mutation as the contractor, or as an operator."""
    if name in {"holdErasure", "releaseErasureHold"}:
        await client.log_in(OPERATOR)
        for query in (HOLD, RELEASE)[: 1 if name == "holdErasure" else 2]:
            await client.ask(query, id=ACTIVE_CONTRACT)
        return
    if name == "putRegistration":
        await put_registration(client, service, members=[])
        return
    await client.log_in(CONTRACTOR)
    if name == "logOut":
        await client.ask("mutation { logOut { ok } }")
    if name in {"terminateContract", "resumeContract"}:
        for query in (TERMINATE, RESUME)[: 1 if name == "terminateContract" else 2]:
            await client.ask(query, id=ACTIVE_CONTRACT)
    if name in {"requestPasswordReset", "resetPassword"}:
        await client.ask(ASK_FOR_LINK, email=CONTRACTOR)
    if name == "resetPassword":
        body = str((await service.mails(1))[0].get_content())
        token = re.search(r"/password/new#(\S+)", body)
        assert token
        await client.ask(SET_PASSWORD, token=token[1], password=NEW_PASSWORD)


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_mutation_leaves_an_entry(client: Client, service: Running, name: str) -> None:
    await do(name, client, service)
    action, by, reason = MUTATIONS[name]
    async with service.client() as auditor:
        await auditor.log_in(OPERATOR)
        (last,) = (await auditor.ask(LOG, first=1, filter=_of(action)))["auditLog"]["nodes"]
    assert (last["event"] or last["action"]) == action
    expected = {"name": None} if name == "putRegistration" else by and {"name": by}  # a service is no person
    assert last["account"] == expected
    assert (last["interface"], last["reason"], last["contractId"]) == ("API", reason, ACTIVE_CONTRACT)
    assert re.fullmatch("[0-9a-f]{64}", last["source"])


def _of(action: str) -> dict[str, Any]:
    events = {"TERMINATION_REQUESTED", "RESUMED", "ERASURE_HELD", "ERASURE_HOLD_RELEASED", "MEMBERS_REMOVED"}
    return {"contractId": ACTIVE_CONTRACT, "action": "CONTRACT_CHANGED" if action in events else action}


def test_every_mutation_of_production_has_a_row() -> None:
    mutations = core(build_schema(development=False)).type_map["Mutation"]
    assert isinstance(mutations, GraphQLObjectType)
    assert MUTATIONS.keys() == mutations.fields.keys()


async def test_a_failed_log_in_is_recorded_with_and_without_an_account(client: Client, service: Running) -> None:
    await client.log_in(CONTRACTOR, "a wrong password")
    await client.log_in("unknown@example.jp")
    async with service.client() as auditor:
        await auditor.log_in(OPERATOR)
        found = (await auditor.ask(LOG, filter={"action": "LOG_IN_FAILED"}))["auditLog"]["nodes"]
    assert [entry["contractId"] for entry in found] == [None, ACTIVE_CONTRACT]
    assert [bool(entry["source"]) for entry in found] == [False, True]


async def test_a_browser_is_told_from_a_client_of_the_api(client: Client) -> None:
    client.http.headers["Sec-Fetch-Mode"] = "cors"
    client.http.headers["Sec-Fetch-Site"] = "same-origin"
    await client.log_in(CONTRACTOR)
    log_ins = (await client.ask("{ viewer { lastLogIns { interface fromHere } } }"))["viewer"]["lastLogIns"]
    assert log_ins == [{"interface": "PAGE", "fromHere": True}]


async def test_looking_leaves_no_entry(client: Client, connection: asyncpg.Connection) -> None:
    await client.log_in(CONTRACTOR)
    before = await connection.fetchval("SELECT count(*) FROM audit_entry")
    await client.ask("{ viewer { name lastLogIns { at } contract { id events { nodes { at } } } } }")
    assert await connection.fetchval("SELECT count(*) FROM audit_entry") == before


async def test_pages_are_read_by_cursor(client: Client) -> None:
    for _ in range(3):
        await client.log_in(OPERATOR)
    first = (await client.ask(LOG, first=2))["auditLog"]
    assert first["pageInfo"]["hasNextPage"]
    assert not first["pageInfo"]["hasPreviousPage"]
    second = (await client.ask(LOG, first=2, after=first["pageInfo"]["endCursor"]))["auditLog"]
    assert second["pageInfo"]["hasPreviousPage"]
    assert await client.errors(LOG, first=0) == ["BAD_USER_INPUT"]
    assert await client.errors(LOG, after="none") == ["BAD_USER_INPUT"]
