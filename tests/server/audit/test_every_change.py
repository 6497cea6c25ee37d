"""Every mutation leaves an entry that names the person and the way. A new mutation without a row here fails."""

import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLObjectType
from tests.passkeys import SHOW_CODE, enrol
from tests.server.integration.registering import put_registration
from tests.server.running import (
    ACTIVE_CONTRACT,
    ASK_FOR_LINK,
    PASSWORD,
    RESUME,
    TERMINATE,
    Client,
    Running,
    command,
)

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
    "endSession": ("SESSIONS_ENDED", NAME_OF_CONTRACTOR, None),
    "endOtherSessions": ("SESSIONS_ENDED", NAME_OF_CONTRACTOR, None),
    "changePassword": ("PASSWORD_REPLACED", NAME_OF_CONTRACTOR, None),
    "confirmAddress": ("ADDRESS_CHANGED", NAME_OF_CONTRACTOR, None),
    "enrolPasskey": ("SECOND_FACTOR_ENROLLED", OPERATOR_NAME, None),
    "passSecondFactor": ("SECOND_FACTOR_PASSED", OPERATOR_NAME, None),
    "terminateContract": ("TERMINATION_REQUESTED", NAME_OF_CONTRACTOR, None),
    "resumeContract": ("RESUMED", NAME_OF_CONTRACTOR, None),
    "holdErasure": ("ERASURE_HELD", OPERATOR_NAME, "case 1"),
    "releaseErasureHold": ("ERASURE_HOLD_RELEASED", OPERATOR_NAME, "case 2"),
    "unlockContractor": ("ACCOUNT_UNLOCKED", OPERATOR_NAME, "case 1"),
    "endContractorSessions": ("SESSIONS_ENDED", OPERATOR_NAME, "case 1"),
    "sendPasswordLink": ("PASSWORD_LINK_REQUESTED", OPERATOR_NAME, "case 1"),
    "retryMail": ("MAILS_RETRIED", OPERATOR_NAME, None),
    "dismissMail": ("MAIL_DISMISSED", OPERATOR_NAME, "case 1"),
    "retryFailedActions": ("ACTIONS_RETRIED", OPERATOR_NAME, None),
    "putRegistration": ("MEMBERS_REMOVED", None, None),
}
"""The newest entry after each mutation: what, by whom, and why."""

OF_NO_CONTRACT = {"enrolPasskey", "passSecondFactor"}
CHANGES_NOTHING = {"beginSecondFactor", "beginEnrolment"}
"""They give a challenge, which opens nothing."""
OF_ERASED_CONTRACTS = {"confirmErasure"}
"""Without a source, which no erasure would take any more: `tests/server/erasure/test_confirmations.py`."""

END_SESSION = "mutation ($id: ID!) { endSession(input: { id: $id }) { count } }"
CHANGE_PASSWORD = """
mutation ($current: String!, $new: String!) {
  changePassword(input: { currentPassword: $current, newPassword: $new }) { __typename }
}
"""
CONFIRM = "mutation ($token: String!) { confirmAddress(input: { token: $token }) { __typename } }"
OF_A_WAVE = {
    "requestErasureApproval": ("ERASURE_APPROVAL_REQUESTED", OPERATOR_NAME),
    "approveErasures": ("ERASURES_APPROVED", OPERATOR_NAME),
}
"""The same for mutations that concern a wave of erasures."""

OF_AN_OPERATOR = {
    "unlockContractor": f'unlockContractor(input: {{ contractId: "{ACTIVE_CONTRACT}", reason: "case 1" }})',
    "endContractorSessions": f'endContractorSessions(input: {{ contractId: "{ACTIVE_CONTRACT}", reason: "case 1" }})',
    "sendPasswordLink": f'sendPasswordLink(input: {{ contractId: "{ACTIVE_CONTRACT}", reason: "case 1" }})',
    "retryMail": 'retryMail(input: { mailId: "900001" })',
    "dismissMail": 'dismissMail(input: { mailId: "900001", reason: "case 1" })',
    "retryFailedActions": f'retryFailedActions(input: {{ contractId: "{ACTIVE_CONTRACT}" }})',
}
FAILED_MAIL = """
INSERT INTO outbox_mail (id, contract_id, kind, message_id, dated_at, recipient, subject, body, state, attempts,
                         next_attempt_at)
VALUES (900001, $1, 'termination_accepted', 'a', now(), 'active@example.jp', 's', 'b', 'FAILED', 3, now())
"""
FAILED_ACTION = """
INSERT INTO due_failure (contract_id, act, due_at, tries, failure, next_try_at, set_aside_at)
VALUES ($1, 'ERASE', now(), 8, 'LedgerUnavailable', now(), now())
"""


@pytest.fixture
async def connection(service: Running) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(service.database_url)
    yield connection
    await connection.close()


async def do(name: str, client: Client, service: Running) -> None:
    """Ask for one mutation as the contractor, or as an operator, who is the client afterwards."""
    if name in {"holdErasure", "releaseErasureHold"}:
        await hold(client, and_release=name == "releaseErasureHold")
        return
    if name == "putRegistration":
        async with service.client() as other:
            await put_registration(other, service, members=[])
        return
    if name in OF_NO_CONTRACT:
        await show_second_factor(client, service)
        return
    if mutation := OF_AN_OPERATOR.get(name):
        await plant_failures(service)
        await client.log_in(OPERATOR)
        done = await client.ask(f"mutation {{ {mutation} {{ __typename ... on Problem {{ code }} }} }}")
        assert "code" not in done[name]
        return
    await client.log_in(CONTRACTOR)
    await change_account(name, client, service)
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


async def hold(client: Client, *, and_release: bool) -> None:
    await client.log_in(OPERATOR)
    await client.ask(HOLD, id=ACTIVE_CONTRACT)
    if and_release:
        await client.ask(RELEASE, id=ACTIVE_CONTRACT)


async def show_second_factor(client: Client, service: Running) -> None:
    _, codes = await enrol(client, service)
    await client.log_in(OPERATOR)
    await client.ask(SHOW_CODE, code=codes[0])


async def change_account(name: str, client: Client, service: Running) -> None:
    """Ask for one of the mutations about the contractor's own account."""
    if name in {"endSession", "endOtherSessions"}:
        await end_another_session(name, client, service)
    if name == "changePassword":
        await client.ask(CHANGE_PASSWORD, current=PASSWORD, new=NEW_PASSWORD)
    if name == "confirmAddress":
        await command(service.variables, "user", "change-address", CONTRACTOR, "new@example.jp")
        for mail in await service.mails(2):
            token = re.search(r"/address#(\S+)", str(mail.get_content()))
            assert token
            await client.ask(CONFIRM, token=token[1])


async def end_another_session(name: str, client: Client, service: Running) -> None:
    async with service.client() as elsewhere:
        await elsewhere.log_in(CONTRACTOR)
    sessions = (await client.ask("{ viewer { sessions { id isCurrent } } }"))["viewer"]["sessions"]
    if name == "endOtherSessions":
        await client.ask("mutation { endOtherSessions { count } }")
    else:
        await client.ask(END_SESSION, id=next(session["id"] for session in sessions if not session["isCurrent"]))


async def plant_failures(service: Running) -> None:
    connection = await asyncpg.connect(service.database_url)
    try:
        for statement in (FAILED_MAIL, FAILED_ACTION):
            await connection.execute(statement, ACTIVE_CONTRACT)
    finally:
        await connection.close()


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_mutation_leaves_an_entry(client: Client, service: Running, name: str) -> None:
    await do(name, client, service)
    action, by, reason = MUTATIONS[name]
    if name not in OF_NO_CONTRACT:
        await client.log_in(OPERATOR)
    (last,) = (await client.ask(LOG, first=1, filter=_of(name, action)))["auditLog"]["nodes"]
    assert (last["event"] or last["action"]) == action
    expected = {"name": None} if name == "putRegistration" else by and {"name": by}  # a service is no person
    assert last["account"] == expected
    contract = None if name in OF_NO_CONTRACT else ACTIVE_CONTRACT
    assert (last["interface"], last["reason"], last["contractId"]) == ("API", reason, contract)
    assert re.fullmatch("[0-9a-f]{64}", last["source"])


def _of(name: str, action: str) -> dict[str, Any]:
    if name in OF_NO_CONTRACT:
        return {"action": action}
    events = {"TERMINATION_REQUESTED", "RESUMED", "ERASURE_HELD", "ERASURE_HOLD_RELEASED", "MEMBERS_REMOVED"}
    return {"contractId": ACTIVE_CONTRACT, "action": "CONTRACT_CHANGED" if action in events else action}


def test_every_mutation_of_production_has_a_row() -> None:
    mutations = core(build_schema(development=False)).type_map["Mutation"]
    assert isinstance(mutations, GraphQLObjectType)
    assert MUTATIONS.keys() | CHANGES_NOTHING | OF_A_WAVE.keys() | OF_ERASED_CONTRACTS == mutations.fields.keys()


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
