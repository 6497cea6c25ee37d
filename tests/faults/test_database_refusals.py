"""A database that refuses, for whatever reason, is answered with 503 and the reason, and recovery needs no restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from tests.conftest import new_database
from tests.locks import until_a_lock_is_awaited
from tests.server.in_process import development_settings, seeded_services, served
from tests.server.running import ACTIVE_CONTRACT, LOG_IN, PASSWORD, RESUME, TERMINATE, VIEWER, command

from contract_server.cli.exit_status import Status
from contract_server.development.servers.postgres import EmbeddedPostgres

REPEATS = 20
END_SESSIONS = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1"


@dataclass(frozen=True)
class Refusal:
    """How an administrator makes the database refuse, how to undo it, and what operators read of it.

    `{role}` and `{database}` are those of the program.
    """

    begin: str
    end: str
    reason: str
    refuses_reads: bool = True

    @property
    def commands(self) -> list[tuple[str, ...]]:
        """Commands that cannot do their work."""
        only_read = [("due",), ("doctor",), ("migrate", "--check")] if self.refuses_reads else []
        return [("sweep",), *only_read]


REFUSALS = {
    "read-only after a switchover": Refusal(
        "ALTER ROLE {role} SET default_transaction_read_only = on",
        "ALTER ROLE {role} RESET default_transaction_read_only",
        "the database is read-only",
        refuses_reads=False,
    ),
    "rotated password": Refusal(
        "ALTER ROLE {role} PASSWORD 'another'",
        "ALTER ROLE {role} PASSWORD 'hidden'",
        "the database refuses the role or its password",
    ),
    "role that may not log in": Refusal(
        "ALTER ROLE {role} NOLOGIN", "ALTER ROLE {role} LOGIN", "the database refuses the role or its password"
    ),
    "closed database": Refusal(
        "ALTER DATABASE {database} ALLOW_CONNECTIONS false",
        "ALTER DATABASE {database} ALLOW_CONNECTIONS true",
        "the database accepts no connections",
    ),
    "renamed database": Refusal(
        "ALTER DATABASE {database} RENAME TO {database}_away",
        "ALTER DATABASE {database}_away RENAME TO {database}",
        "the database does not exist",
    ),
    "no connection left": Refusal(
        "ALTER ROLE {role} CONNECTION LIMIT 0",
        "ALTER ROLE {role} CONNECTION LIMIT -1",
        "the database has used up its disk, memory or connections",
    ),
}
every_refusal = pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)


@dataclass
class Program:
    """The application in this process, and an administrator's connection to its PostgreSQL."""

    http: httpx.AsyncClient
    administrator: asyncpg.Connection
    url: str
    folder: Path

    async def administrate(self, statement: str) -> None:
        """Execute the statement while no session of the program is open, as after a restart of the database."""
        parts = urlsplit(self.url)
        database = parts.path.strip("/")
        filled = statement.format(role=parts.username, database=database)
        executed = False
        while not executed:
            await self.administrator.execute(END_SESSIONS, database)
            with suppress(asyncpg.ObjectInUseError):  # the program may just have connected again
                await self.administrator.execute(filled)
                executed = True
        await self.administrator.execute(END_SESSIONS, database)

    async def post(self, query: str, **variables: object) -> httpx.Response:
        return await self.http.post("/graphql", json={"query": query, "variables": variables})

    async def change(self) -> httpx.Response:
        """Terminate the contract, or resume it if it is terminated."""
        response = await self.post(TERMINATE, id=ACTIVE_CONTRACT)
        return await self.post(RESUME, id=ACTIVE_CONTRACT) if "ActionRefused" in response.text else response

    async def command(self, *arguments: str) -> tuple[int, str]:
        variables = {
            "ENVIRONMENT": "development",
            "DATABASE_URL": self.url,
            "MAIL_DIR": str(self.folder),
            "LOG_LEVEL": "ERROR",
        }
        status, _, errors = await command(variables, *arguments)
        return status, errors


@pytest.fixture(scope="module")
async def program(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Program]:
    folder = tmp_path_factory.mktemp("refusals")
    as_superuser = await new_database(postgres)
    administrator = await asyncpg.connect(postgres.url)
    parts = urlsplit(as_superuser)
    role = f"role_of_{parts.path.strip('/')}"
    await administrator.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'hidden'")
    await administrator.execute(f"ALTER DATABASE {parts.path.strip('/')} OWNER TO {role}")
    url = parts._replace(netloc=f"{role}:hidden@{parts.hostname}:{parts.port}").geturl()
    settings = development_settings(url, folder).model_copy(update={"changes_per_contract_and_day": 1_000_000})
    try:
        async with seeded_services(settings):
            pass
        async with served(settings) as http:
            found = Program(http, administrator, url, folder)
            logged_in = (await found.post(LOG_IN, email="active@example.jp", password=PASSWORD)).json()
            http.headers["Authorization"] = f"Bearer {logged_in['data']['logIn']['token']}"
            yield found
    finally:
        await administrator.close()


@every_refusal
async def test_a_database_that_refuses_is_unavailable_with_its_reason_until_it_serves_again(
    program: Program, refusal: Refusal
) -> None:
    assert (await program.change()).status_code == 200
    await program.administrate(refusal.begin)
    try:
        await shows_as_unavailable(program, refusal)
    finally:
        await program.administrate(refusal.end)
    assert (await program.http.get("/readyz")).json() == {"ok": True}
    assert (await program.post(VIEWER)).json()["data"]["viewer"]
    assert (await program.change()).status_code == 200


async def shows_as_unavailable(program: Program, refusal: Refusal) -> None:
    changed, ready, metrics = (
        await program.change(),
        await program.http.get("/readyz"),
        await program.http.get("/metrics"),
    )
    assert (changed.status_code, int(changed.headers["Retry-After"]) > 0) == (503, True)
    assert ready.status_code == 503
    assert ready.json()["reason"].startswith(refusal.reason)
    assert metrics.status_code == 200
    if refusal.refuses_reads:
        assert (await program.post(VIEWER)).status_code == 503
        assert "contract_database_reachable 0.0" in metrics.text
    else:
        assert (await program.post(VIEWER)).status_code == 200
    for arguments in refusal.commands:
        status, errors = await program.command(*arguments)
        assert (status, errors.count("\n")) == (Status.OUT_OF_REACH, 1), errors
        assert errors.startswith(f"contract-server: {refusal.reason}")


async def test_a_statement_that_an_administrator_cancels_is_answered_with_a_later_try(program: Program) -> None:
    other = await asyncpg.connect(program.url)
    try:
        async with other.transaction():
            await other.execute("SELECT FROM contract WHERE id = $1 FOR UPDATE", ACTIVE_CONTRACT)
            changing = asyncio.create_task(program.change())
            await until_a_lock_is_awaited(other.fetch)
            await program.administrator.execute(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            )
            response = await changing
    finally:
        await other.close()
    assert (response.status_code, int(response.headers["Retry-After"]) > 0) == (503, True)
    assert (await program.change()).status_code == 200


async def test_concurrent_changes_succeed_under_any_default_of_the_isolation_level(program: Program) -> None:
    await program.administrate("ALTER ROLE {role} SET default_transaction_isolation = serializable")
    try:
        for _ in range(REPEATS):
            responses = await asyncio.gather(*(program.change() for _ in range(8)))
            assert {response.status_code for response in responses} == {200}
            assert not any("errors" in response.json() for response in responses)
    finally:
        await program.administrate("ALTER ROLE {role} RESET default_transaction_isolation")
