"""Each process does its work with the rights of its role, and has no others."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from graphql import GraphQLObjectType
from tests.conftest import seeded_database
from tests.faults.time_passing import pass_time
from tests.faults.waiting import until
from tests.passkeys import SHOW_CODE, enrol, show
from tests.roles import as_role
from tests.server.every_query import FILTERS, QUERIES
from tests.server.integration.confirming import confirm_erasure
from tests.server.integration.registering import log_in_service, put_registration
from tests.server.integration.service_tokens import open_service
from tests.server.running import (
    ACTIVE_CONTRACT,
    ASK_FOR_LINK,
    CLOSED_CONTRACT,
    GRACE_CONTRACT,
    PASSWORD,
    RESUME,
    TERMINATE,
    Client,
    Running,
    command,
    running,
)

from contract_server.db.roles import SECRETS, DatabaseRole
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.erasure.classification import TABLES
from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core
from contract_server.integration.models import Scope

PRODUCTION = {
    "DATABASE_URL": "",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SMTP_URL": "smtp://127.0.0.1:1",
    "MAIL_SENDER": "no-reply@example.jp",
    "PUBLIC_URL": "https://keiyaku.example.jp",
    "SECRET_KEY": "a3f1c0d8b7e64952a1d0c3b2e5f60718",
    "LEDGER_DIR": "/tmp/unused",  # noqa: S108 - nothing is written here
}
HOLD = 'mutation ($id: ID!) { holdErasure(input: { contractId: $id, reason: "2024-001" }) { __typename } }'
RELEASE = "mutation ($id: ID!) { releaseErasureHold(input: { contractId: $id }) { __typename } }"
CHOSEN = "a long walk by the river"
NEW_PASSWORD = f"""
mutation ($token: String!) {{
  resetPassword(input: {{ token: $token, newPassword: "{CHOSEN}" }}) {{ __typename }}
}}
"""
CHANGE_PASSWORD = """
mutation ($current: String!, $new: String!) {
  changePassword(input: { currentPassword: $current, newPassword: $new }) { __typename ... on Problem { message } }
}
"""
CONFIRM = "mutation ($token: String!) { confirmAddress(input: { token: $token }) { __typename } }"
END_SESSION = 'mutation { endSession(input: { id: "none" }) { count } }'
END_OTHERS = "mutation { endOtherSessions { count } }"
MUTATIONS = {"logIn", "logOut", "requestPasswordReset", "resetPassword"}
MUTATIONS |= {"changePassword", "confirmAddress", "endSession", "endOtherSessions"}
MUTATIONS |= {"beginEnrolment", "enrolPasskey", "beginSecondFactor", "passSecondFactor"}
MUTATIONS |= {"terminateContract", "resumeContract", "holdErasure", "releaseErasureHold"}
OF_OPERATORS = {
    "unlockContractor": f'unlockContractor(input: {{ contractId: "{ACTIVE_CONTRACT}", reason: "case 1" }})',
    "endContractorSessions": f'endContractorSessions(input: {{ contractId: "{GRACE_CONTRACT}", reason: "case 1" }})',
    "sendPasswordLink": f'sendPasswordLink(input: {{ contractId: "{GRACE_CONTRACT}", reason: "case 1" }})',
    "retryMail": 'retryMail(input: { mailId: "1" })',
    "dismissMail": 'dismissMail(input: { mailId: "1", reason: "case 1" })',
    "requestErasureApproval": "requestErasureApproval",
    "approveErasures": 'approveErasures(input: { requestId: "1" })',
    "retryFailedActions": "retryFailedActions(input: {})",
}
MUTATIONS |= OF_OPERATORS.keys() | {"putRegistration", "confirmErasure"}
QUERIES_OF_SERVICES = {"changes", "contractFacts"}
READING = (("due",), ("doctor",), ("contracts", "list"), ("erasures", "plan"), ("erasures", "evidence", "--verify"))


@dataclass
class Place:
    """A server and a worker with the rights that production gives to their roles, on the demonstration data."""

    service: Running
    owner: asyncpg.Connection

    def variables(self, role: DatabaseRole) -> dict[str, str]:
        return {**self.service.variables, "DATABASE_URL": as_role(self.service.database_url, role)}

    async def is_erased(self, contract_id: str) -> bool:
        status = await self.owner.fetchval("SELECT status FROM contract WHERE id = $1", UUID(contract_id))
        return bool(status == "ERASED")


@pytest.fixture
async def place(postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path) -> AsyncIterator[Place]:
    url = await seeded_database(postgres)
    status, _, errors = await command(PRODUCTION | {"DATABASE_URL": url}, "migrate", "--roles")
    assert status == 0, errors
    owner = await asyncpg.connect(url)
    async with running(url, redis.url, tmp_path, REMINDERS="true") as service:
        yield Place(service, owner)
    await owner.close()


def test_every_mutation_of_production_is_in_the_story() -> None:
    mutation = core(build_schema(development=False)).mutation_type
    assert isinstance(mutation, GraphQLObjectType)
    assert mutation.fields.keys() == MUTATIONS


async def test_server_and_worker_do_all_their_work_with_the_rights_of_their_roles(place: Place) -> None:
    async with place.service.client() as client, place.service.client() as operator:
        await client.log_in("active@example.jp", "wrong")
        await client.log_in("active@example.jp")
        for change in (TERMINATE, RESUME, TERMINATE):
            await client.ask(change, id=ACTIVE_CONTRACT)
        await operator.log_in("operator@example.jp")
        for change in (HOLD, RELEASE):
            await operator.ask(change, id=GRACE_CONTRACT)
        for mutation in OF_OPERATORS.values():
            await operator.ask(f"mutation {{ {mutation} {{ __typename }} }}")
        for name in QUERIES.keys() - QUERIES_OF_SERVICES:
            await operator.ask(QUERIES[name], id=ACTIVE_CONTRACT, filter=FILTERS if name == "contracts" else None)
        await ask_as_services(place)
        await set_new_password(place, client)
        await change_account(place, client)
        await register_passkey(place, operator)
        await client.ask("mutation { logOut { ok } }")
        await pass_time(place.owner, timedelta(days=46))
        for contract in (ACTIVE_CONTRACT, GRACE_CONTRACT, CLOSED_CONTRACT):
            await until(lambda contract=contract: place.is_erased(contract))  # type: ignore[misc]
        await confirm_as_service(place)
    await succeed(place.variables(DatabaseRole.WORKER), ("sweep",))
    for arguments in (*READING, ("contracts", "show", ACTIVE_CONTRACT)):
        await succeed(place.variables(DatabaseRole.READER), arguments)
    lines = [line for lines in place.service.log_lines().values() for line in lines]
    assert [line for line in lines if '"error"' in line or "Privilege" in line] == []


async def ask_as_services(place: Place) -> None:
    async with place.service.client() as reader, place.service.client() as writer:
        reader.http.headers["Authorization"] = f"Bearer {await open_service(place.service, Scope.FEED, Scope.FACTS)}"
        for name in QUERIES_OF_SERVICES:
            await reader.ask(QUERIES[name], id=ACTIVE_CONTRACT)
        await put_registration(writer, place.service, members=[])


async def confirm_as_service(place: Place) -> None:
    async with place.service.client() as backups:
        await log_in_service(backups, place.service, Scope.ERASURES)
        for outcome in ({"outcome": "RETAINED", "reason": "law", "until": "2099-03-31"}, {"outcome": "DONE"}):
            assert (await confirm_erasure(backups, **outcome))["__typename"] == "ErasureConfirmed"


async def set_new_password(place: Place, client: Client) -> None:
    await client.ask(ASK_FOR_LINK, email="active@example.jp")
    mails = [mail for mail in await place.service.mails(5) if "active@example.jp" in mail["To"]]
    text = next(part for mail in mails if "#" in (part := mail.get_content()))
    token = text.partition("#")[2].split()[0]
    answer = await client.ask(NEW_PASSWORD, token=token)
    assert answer["resetPassword"]["__typename"] == "PasswordReset", answer
    await client.log_in("active@example.jp", PASSWORD)


async def change_account(place: Place, client: Client) -> None:
    await client.log_in("active@example.jp", CHOSEN)
    await client.ask(END_SESSION)
    async with place.service.client() as elsewhere:
        await elsewhere.log_in("active@example.jp", CHOSEN)
    assert (await client.ask(END_OTHERS))["endOtherSessions"] == {"count": 1}
    answer = await client.ask(CHANGE_PASSWORD, current=CHOSEN, new="a long walk by the sea")
    assert answer["changePassword"] == {"__typename": "PasswordChanged"}, answer
    await succeed({**place.service.variables}, ("user", "change-address", "active@example.jp", "new@example.jp"))
    for mail in await place.service.mails(9):
        if "/address#" in (text := mail.get_content()):
            token = text.partition("/address#")[2].split()[0]
            answer = await client.ask(CONFIRM, token=token)
            assert answer["confirmAddress"] == {"__typename": "AddressConfirmed"}, answer


async def register_passkey(place: Place, operator: Client) -> None:
    passkey, codes = await enrol(operator, place.service)
    for _ in range(2):
        await operator.log_in("operator@example.jp")
        assert "viewer" in await show(operator, passkey)
    assert "viewer" in (await operator.ask(SHOW_CODE, code=codes[0]))["passSecondFactor"]


async def succeed(variables: dict[str, str], arguments: tuple[str, ...]) -> None:
    status, _, errors = await command(variables, *arguments)
    assert (arguments, status) == (arguments, 0), errors


NOT_ALLOWED = [
    (DatabaseRole.SERVER, "DELETE FROM contract"),
    (DatabaseRole.SERVER, "DELETE FROM company"),
    (DatabaseRole.SERVER, "UPDATE contract_event SET note = NULL"),
    (DatabaseRole.SERVER, "UPDATE erasure_record SET hash = NULL"),
    (DatabaseRole.SERVER, "INSERT INTO account DEFAULT VALUES"),
    (DatabaseRole.SERVER, "DELETE FROM erasure_hold"),
    (DatabaseRole.SERVER, "UPDATE policy_terms SET fingerprint = ''"),
    (DatabaseRole.WORKER, "DELETE FROM contract"),
    (DatabaseRole.WORKER, "DELETE FROM erasure_record"),
    (DatabaseRole.WORKER, "DELETE FROM contract_event"),
    (DatabaseRole.WORKER, "INSERT INTO account DEFAULT VALUES"),
    (DatabaseRole.WORKER, "INSERT INTO erasure_approval DEFAULT VALUES"),
    (DatabaseRole.WORKER, "UPDATE policy_terms SET fingerprint = ''"),
    *((DatabaseRole.READER, f"SELECT {column} FROM {table}") for table in SECRETS for column in SECRETS[table]),  # noqa: S608 - our own names
    *((DatabaseRole.READER, f"DELETE FROM {table}") for table in TABLES),  # noqa: S608 - as above
    *((role, statement) for role in DatabaseRole for statement in ("CREATE TABLE a ()", "TRUNCATE contract")),
]


async def test_no_role_may_do_what_is_not_its_work(place: Place) -> None:
    for role, statement in NOT_ALLOWED:
        connection: Any = await asyncpg.connect(as_role(place.service.database_url, role))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
        await connection.close()
