"""A stolen session of an operator: before the second factor it opens nothing, and later nothing that reaches far."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tests.conftest import seeded_database
from tests.passkeys import SHOW_CODE, enrol, show
from tests.server.accounts.test_access_matrix import ANONYMOUS, MUTATIONS, QUERIES
from tests.server.accounts.test_access_matrix import OPERATOR as OF_OPERATOR
from tests.server.running import ACTIVE_CONTRACT, ASK_FOR_LINK, RESET, Client, Running, running

from contract_server.accounts.second_factor.policy import FAR_REACHING
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

OPERATOR, CONTRACTOR = "operator@example.jp", "active@example.jp"
HARMLESS = {
    "endSession": "ends a session of one's own",
    "endOtherSessions": "ends sessions of one's own",
    "changePassword": "asks for the password",
    "beginSecondFactor": "asks for the second factor",
    "passSecondFactor": "shows it",
    "retryMail": "sends what was to be sent",
    "retryFailedActions": "tries again what is due",
}
"""The mutations of operators that ask for no second factor, each with the reason."""

NOT_OPENED = {"logIn", "logOut", "beginSecondFactor", "passSecondFactor", "advanceTestClock", "resetDemo"}
"""What a session is for before the second factor, and what asks for no session."""

LINK = "SELECT body FROM outbox_mail WHERE kind = 'password_reset'"
NEW_PASSWORD = "とても長いパスワード 2026"
SET_PASSWORD = """
mutation ($token: String!, $password: String!) {
  resetPassword(input: { token: $token, newPassword: $password }) { __typename }
}
"""
VIEWER = "{ viewer { secondFactor { required enrolled recent } } }"
HOLD = f'holdErasure(input: {{ contractId: "{ACTIVE_CONTRACT}", reason: "case 1" }}) {{ __typename }}'
DOCUMENTS = {
    "plain": f"mutation {{ {HOLD} }}",
    "alias": f"mutation {{ viewer: {HOLD} }}",
    "after another field": f"mutation {{ __typename {HOLD} }}",
    "inline fragment": f"mutation {{ ... on Mutation {{ __typename ... {{ {HOLD} }} }} }}",
    "fragment": f"mutation {{ __typename ...A }} fragment A on Mutation {{ ...B }} fragment B on Mutation {{ {HOLD} }}",
    "one of two operations": f"query A {{ policy {{ version }} }} mutation B {{ {HOLD} }}",
    "directive": f"mutation {{ logOut @skip(if: true) {{ ok }} ... @include(if: true) {{ {HOLD} }} }}",
}


@pytest.fixture(scope="module")
async def service(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """A server that requires the second factor, as production does."""
    folder: Path = tmp_path_factory.mktemp("second factor")
    async with running(
        await seeded_database(postgres), redis.url, folder, worker=False, OPERATOR_SECOND_FACTOR="required"
    ) as service:
        yield service


@pytest.fixture
async def client(service: Running) -> AsyncIterator[Client]:
    async with service.client() as client:
        await client.ask(RESET)
        yield client


@pytest.fixture
async def database(service: Running) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(service.database_url)
    yield connection
    await connection.close()


async def code_of(client: Client, document: str, name: str, **parts: object) -> str:
    """OK, null, or the code of the refusal."""
    response = await client.http.post("/graphql", json={"query": document, **parts})
    answer = response.json()
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    value = answer["data"][name]
    return "null" if value is None else str(value.get("code", "OK"))


def mutations_of_operators() -> set[str]:
    """Those that a logged-in operator may ask for, and strangers may not."""
    may = {name for name, row in MUTATIONS.items() if row.answers[ANONYMOUS] == "UNAUTHENTICATED"}
    return {name for name in may if MUTATIONS[name].answers[OF_OPERATOR] != "FORBIDDEN"}


def test_every_mutation_of_operators_asks_for_the_second_factor_or_there_is_a_reason_why_not() -> None:
    assert mutations_of_operators() == FAR_REACHING | HARMLESS.keys()
    assert FAR_REACHING.isdisjoint(HARMLESS)


@pytest.mark.parametrize("enrolled", [True, False])
async def test_before_the_second_factor_a_session_opens_what_no_session_opens(
    client: Client, service: Running, enrolled: bool
) -> None:
    if enrolled:
        await enrol(client, service)
    assert (await client.log_in(OPERATOR))["code"] == "SECOND_FACTOR_REQUIRED"
    operations = {name: f"query {{ {row.operation} }}" for name, row in QUERIES.items()}
    operations |= {name: f"mutation {{ {MUTATIONS[name].operation} }}" for name in MUTATIONS.keys() - NOT_OPENED}
    answers = {name: await code_of(client, document, name) for name, document in operations.items()}
    assert answers == {name: (QUERIES | MUTATIONS)[name].answers[ANONYMOUS] for name in operations}
    assert await code_of(client, "mutation { logOut { ok } }", "logOut") == "OK"


async def test_before_the_second_factor_a_session_can_be_ended(client: Client, database: asyncpg.Connection) -> None:
    await client.log_in(OPERATOR)
    assert await database.fetchval("SELECT count(*) FROM session") == 1
    await client.ask("mutation { logOut { ok } }")
    assert await database.fetchval("SELECT count(*) FROM session") == 0


async def test_an_operator_logs_in_by_password_and_passkey(client: Client, service: Running) -> None:
    passkey, _ = await enrol(client, service)
    log_in = await client.log_in(OPERATOR)
    assert log_in["code"] == "SECOND_FACTOR_REQUIRED"
    passed = await show(client, passkey)
    assert passed["viewer"] == {"email": OPERATOR}
    assert (await client.ask(VIEWER))["viewer"]["secondFactor"] == {"required": True, "enrolled": True, "recent": True}


@pytest.mark.parametrize("name", sorted(FAR_REACHING))
async def test_a_session_does_nothing_that_reaches_far_some_minutes_later(
    client: Client, service: Running, database: asyncpg.Connection, name: str
) -> None:
    passkey, _ = await enrol(client, service)
    await client.log_in(OPERATOR)
    await show(client, passkey)
    await database.execute("UPDATE session SET second_factor_at = now() - interval '5 minutes'")
    before = await everything_that_is_stored(database)
    document = f"mutation {{ {MUTATIONS[name].operation} }}"
    assert await code_of(client, document, name) == "SECOND_FACTOR_NEEDED"
    assert await everything_that_is_stored(database) == before
    await show(client, passkey)
    assert await code_of(client, document, name) == MUTATIONS[name].answers[OF_OPERATOR]


async def everything_that_is_stored(database: asyncpg.Connection) -> list[object]:
    tables = ("contract", "contract_event", "audit_entry", "outbox_mail", "account")
    return [await database.fetch(f"SELECT * FROM {table} ORDER BY id") for table in tables]  # noqa: S608 - our own names


@pytest.mark.parametrize("form", DOCUMENTS)
async def test_no_form_of_a_document_gets_around_it(
    client: Client, service: Running, database: asyncpg.Connection, form: str
) -> None:
    passkey, _ = await enrol(client, service)
    await client.log_in(OPERATOR)
    await show(client, passkey)
    await database.execute("UPDATE session SET second_factor_at = now() - interval '1 hour'")
    code = await code_of(client, DOCUMENTS[form], "holdErasure", operationName="B" if "operations" in form else None)
    assert code in {"SECOND_FACTOR_NEEDED", "BAD_USER_INPUT"}
    assert await database.fetchval("SELECT count(*) FROM contract WHERE hold_placed_at IS NOT NULL") == 0


async def test_contractors_see_no_change(client: Client) -> None:
    assert (await client.log_in(CONTRACTOR))["__typename"] == "LoggedIn"
    status = (await client.ask(VIEWER))["viewer"]["secondFactor"]
    assert status == {"required": False, "enrolled": False, "recent": True}


async def test_a_new_password_opens_nothing_without_the_passkey(
    client: Client, service: Running, database: asyncpg.Connection
) -> None:
    _, codes = await enrol(client, service)
    await client.ask(ASK_FOR_LINK, email=OPERATOR)
    token = (await database.fetchval(LINK)).partition("#")[2].split()[0]
    await client.ask(SET_PASSWORD, token=token, password=NEW_PASSWORD)
    assert (await client.log_in(OPERATOR, NEW_PASSWORD))["code"] == "SECOND_FACTOR_REQUIRED"
    assert (await client.ask(SHOW_CODE, code=codes[0]))["passSecondFactor"]["viewer"] == {"email": OPERATOR}
