"""A connection can be lost in every way and at every request: no operation fails with an internal error.

After FATAL a connection is neither closed nor idle until the stream ends. Here it ends when the test says so.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from tests.conftest import seeded_database
from tests.faults.proxy import STRUCK, Ending, Proxy, proxied
from tests.server.in_process import development_settings, seeded_services, served
from tests.server.running import ACTIVE_CONTRACT, LOG_IN, RESUME, TERMINATE, VIEWER, command

from contract_server.accounts.models import Account
from contract_server.cli.exit_status import Status
from contract_server.db.availability import is_unavailable
from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import current_connection, transaction
from contract_server.development.demo.people import PASSWORD
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.mail.wakeups import listen_for_wakeups

REQUEST_DEADLINE = timedelta(seconds=5)
SILENCE_LIMIT_S = 0.5
LIMIT_S = 30
ONE = "SELECT 1 AS one"
PORT = "SELECT inet_client_port()"
LISTENING = "SELECT client_port FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND datname = current_database()"


class Program:
    """The application in this process, behind a proxy that can break its connections."""

    def __init__(self, proxy: Proxy, http: httpx.AsyncClient, database_url: str) -> None:
        self.proxy, self.http, self.database_url = proxy, http, database_url

    async def post(self, query: str, **variables: object) -> httpx.Response:
        return await self.http.post("/graphql", json={"query": query, "variables": variables})

    def let_go_soon(self) -> None:
        """Close the broken connection after its last message."""
        asyncio.get_running_loop().call_soon(self.proxy.let_go)

    async def strike(self, ending: Ending, connection: Any) -> Callable[[], bool]:  # noqa: ANN401 - asyncpg ships no types
        """Break the connection, and say how to see that asyncpg has read it."""
        seen, lost = connection.get_settings(), asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        self.proxy.strike(ending, await connection.fetchval(PORT))
        return lambda: lost.is_set() or seen.application_name == STRUCK

    async def strike_idle(self, ending: Ending) -> None:
        """Break the connection that the pool hands out next, and wait until asyncpg has read that."""
        async with current_connection().acquire_connection() as connection:
            has_read = await self.strike(ending, connection)
        while not has_read():
            await asyncio.sleep(0)


@pytest.fixture(scope="module")
async def program(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Program]:
    url, folder = await seeded_database(postgres), tmp_path_factory.mktemp("lost")
    async with seeded_services(development_settings(url, folder)):
        pass
    async with proxied(url) as (proxy, proxied_url):
        settings = development_settings(proxied_url, folder).model_copy(update={"request_deadline": REQUEST_DEADLINE})
        async with served(settings) as http:
            found = Program(proxy, http, proxied_url)
            logged_in = (await found.post(LOG_IN, email="active@example.jp", password=PASSWORD)).json()
            http.headers["Authorization"] = f"Bearer {logged_in['data']['logIn']['token']}"
            yield found


@pytest.fixture(autouse=True)
async def at_rest(program: Program) -> AsyncIterator[None]:
    """Break nothing before and after a test."""
    yield
    program.proxy.arm(None)
    program.proxy.let_go()


async def borrow(_: Program) -> None:
    async with current_connection().acquire_connection() as connection:
        assert await connection.fetchval(ONE) == 1


async def fetch_rows(_: Program) -> None:
    assert (await fetch(ONE))[0]["one"] == 1


async def ask_models(_: Program) -> None:
    assert await Account.exists()


async def write_in_transaction(_: Program) -> None:
    async with transaction():
        await execute("SELECT 1")
        async with transaction():
            await execute("SELECT 2")


async def ask_home(program: Program) -> None:
    answered(await program.post(VIEWER))


async def change_contract(program: Program) -> None:
    answered(await program.post(TERMINATE, id=ACTIVE_CONTRACT))
    answered(await program.post(RESUME, id=ACTIVE_CONTRACT))


async def ask_readiness(program: Program) -> None:
    answered(await program.http.get("/readyz"))


async def read_metrics(program: Program) -> None:
    response = await program.http.get("/metrics")
    assert response.status_code == 200
    if "contract_database_reachable 1.0" not in response.text:
        raise TimeoutError


def answered(response: httpx.Response) -> None:
    """Raise TimeoutError where the answer is "unavailable", the only refusal there may be."""
    if response.status_code == 503:
        assert response.request.url.path == "/readyz" or int(response.headers["Retry-After"]) > 0
        assert "INTERNAL" not in response.text or int(response.headers["Retry-After"]) > 0
        raise TimeoutError
    assert response.status_code == 200, response.text
    assert "errors" not in response.json(), response.text


Use = Callable[[Program], Awaitable[None]]
DIRECT: list[Use] = [borrow, fetch_rows, ask_models, write_in_transaction]
USES: list[Use] = [*DIRECT, ask_home, change_contract, ask_readiness, read_metrics]
every_use = pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)


async def succeeds(use: Use, program: Program, *, limit_s: float = LIMIT_S) -> bool:
    """Whether it does. Where it does not, the database is unavailable: every other failure is raised."""
    try:
        async with asyncio.timeout(limit_s):
            await use(program)
    except Exception as error:
        if not is_unavailable(error):
            raise
        return False
    return True


@every_use
@pytest.mark.parametrize("ending", [Ending.CLOSED, Ending.FATAL, Ending.RESET], ids=lambda ending: ending.name)
async def test_an_idle_connection_that_is_lost_is_replaced_and_the_caller_notices_nothing(
    program: Program, use: Use, ending: Ending
) -> None:
    assert await succeeds(use, program)
    await program.strike_idle(ending)
    assert await succeeds(use, program)


@every_use
async def test_an_idle_connection_that_falls_silent_costs_one_answer_at_most_and_is_dropped(
    program: Program, use: Use
) -> None:
    assert await succeeds(use, program)
    await program.strike_idle(Ending.SILENCE)
    await succeeds(use, program, limit_s=SILENCE_LIMIT_S if use in DIRECT else LIMIT_S)
    assert await succeeds(use, program)


@every_use
@pytest.mark.parametrize("ending", [Ending.CLOSED, Ending.FATAL, Ending.RESET], ids=lambda ending: ending.name)
async def test_a_connection_that_is_lost_at_any_request_means_unavailable_and_the_next_call_succeeds(
    program: Program, use: Use, ending: Ending
) -> None:
    for at in range(1, 100):
        program.proxy.arm(at, ending=ending, on_fault=program.let_go_soon)
        done = await succeeds(use, program)
        if not program.proxy.broken:
            assert done
            assert at > 1
            return
        program.proxy.arm(None)
        assert await succeeds(use, program)


@pytest.mark.parametrize("ending", Ending, ids=lambda ending: ending.name)
async def test_a_connection_that_is_lost_inside_a_transaction_is_dropped_with_it(
    program: Program, ending: Ending
) -> None:
    async def write() -> None:
        async with transaction():
            await execute("SELECT 1")
            has_read = await program.strike(ending, current_connection().acquire_connection().connection)
            while not has_read():
                await asyncio.sleep(0)
            await execute("SELECT 2")

    assert not await succeeds(lambda _: write(), program, limit_s=SILENCE_LIMIT_S)
    await fetch_rows(program)


@pytest.mark.parametrize("ending", Ending, ids=lambda ending: ending.name)
async def test_a_listener_whose_connection_is_lost_or_silent_ends_as_unavailable(
    program: Program, ending: Ending
) -> None:
    heard = asyncio.Event()
    listening = asyncio.create_task(listen_for_wakeups(heard.set, probe_every_s=SILENCE_LIMIT_S))
    await heard.wait()
    program.proxy.strike(ending, (await fetch(LISTENING))[0]["client_port"])
    if ending is Ending.FATAL:
        program.proxy.let_go()
    await asyncio.wait([listening], timeout=LIMIT_S)
    assert is_unavailable(listening.exception())


async def test_a_command_whose_connection_is_lost_at_any_request_ends_with_one_line(
    program: Program, tmp_path: Path
) -> None:
    variables = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": program.database_url,
        "MAIL_DIR": str(tmp_path),
        "LOG_LEVEL": "ERROR",
    }
    for at in range(1, 100):
        program.proxy.arm(at, ending=Ending.FATAL, on_fault=program.let_go_soon)
        status, _, error = await command(variables, "due")
        if not program.proxy.broken:
            assert (status, at > 1) == (0, True)
            return
        assert (status, error.count("\n")) == (Status.OUT_OF_REACH, 1), error


WRONG: dict[str, tuple[Any, ...]] = {
    "too few values": ("SELECT $1::int",),
    "too many values": ("SELECT 1", 1),
    "a value of another type": ("SELECT $1::int", "one"),
    "a value too large": ("SELECT $1::int", 2**40),
    "more values than the protocol has room for": ("SELECT 1", *range(40_000)),
    "no such column": ("SELECT none",),
    "no SQL": ("SELEKT",),
}


@pytest.mark.parametrize("inside", [False, True], ids=["by itself", "in a transaction"])
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_wrong_use_of_the_database_is_a_defect_and_no_outage(
    program: Program, wrong: tuple[Any, ...], *, inside: bool
) -> None:
    async def use() -> None:
        if not inside:
            await fetch(*wrong)
            return
        async with transaction():
            await fetch(*wrong)

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as failure:
        await use()
    assert not is_unavailable(failure.value)
    await fetch_rows(program)


async def test_two_statements_at_once_on_one_connection_are_a_defect_and_no_outage(program: Program) -> None:
    async with current_connection().acquire_connection() as connection:
        results = await asyncio.gather(*(connection.fetch(ONE) for _ in range(2)), return_exceptions=True)
    failures = [each for each in results if isinstance(each, Exception)]
    assert len(failures) == 1
    assert not is_unavailable(failures[0])
    await fetch_rows(program)
