"""Everything works through PgBouncer as it is installed, whether it shares sessions between transactions or not."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from tests.conftest import new_database
from tests.faults.waiting import until
from tests.operations.pgbouncer import SESSIONS, pooled
from tests.server.cancelling import cancel_a_running_statement
from tests.server.in_process import development_settings
from tests.server.running import ACTIVE_CONTRACT, RESUME, TERMINATE, VIEWER, Client, Running, command, running
from tests.server.workbench import Workbench

from contract_notify import MemoryDelivery
from contract_server.db.connection import database
from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import transaction
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.mail.relay import MailRelay
from contract_server.mail.wakeups import PostgresWakeUps
from contract_server.settings import Settings
from contract_server.worker.mail_loop import mail_loop

pytestmark = pytest.mark.pgbouncer

CLIENTS = 10 * SESSIONS
LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_isolation")
_LIMITS = f"SELECT {', '.join(f'current_setting({name!r}) AS {name}' for name in LIMITS)}"
_LISTENER = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%')"


@dataclass(frozen=True)
class Pooled:
    """A new database, by its own URL and through the pooler."""

    direct: str
    url: str

    def variables(self, folder: Path) -> dict[str, str]:
        return {
            "ENVIRONMENT": "development",
            "DATABASE_URL": self.url,
            "DATABASE_DIRECT_URL": self.direct,
            "MAIL_DIR": str(folder),
        }

    def settings(self, folder: Path) -> Settings:
        settings = development_settings(self.url, folder)
        return settings.model_copy(update={"database_direct_url": SecretStr(self.direct)})


@pytest.fixture(scope="module", params=["transaction", "session"])
def pooler(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Iterator[str]:
    with pooled(postgres.url, request.param) as url:
        yield url


@pytest.fixture
async def pool(pooler: str, postgres: EmbeddedPostgres) -> Pooled:
    direct = await new_database(postgres)
    return Pooled(direct, f"{pooler.rpartition('/')[0]}/{direct.rpartition('/')[2]}")


@pytest.fixture
async def connected(pool: Pooled, tmp_path: Path) -> AsyncIterator[None]:
    async with database(pool.settings(tmp_path)):
        yield


async def test_server_worker_and_commands_do_their_work(pool: Pooled, redis: EmbeddedRedis, tmp_path: Path) -> None:
    for step in ("migrate", "seed-demo"):
        assert (await command(pool.variables(tmp_path), step))[0] == 0
    async with (
        running(pool.url, redis.url, tmp_path, roles=False, DATABASE_DIRECT_URL=pool.direct) as service,
        service.client() as client,
    ):
        await client.log_in("active@example.jp")
        await until_a_worker_listens(pool)
        terminated = await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
        assert terminated["terminateContract"]["__typename"] == "ContractTerminated"
        assert (await client.ask(RESUME, id=ACTIVE_CONTRACT))["resumeContract"]["__typename"] == "ContractResumed"
        assert len(await service.mails(2)) == 2
        tokens = [await new_session(client, name) for name in ("active", "grace", "lastday", "closed")]
        client.http.cookies.clear()
        answers = await asyncio.gather(*(ask_as(client, token) for token in tokens for _ in range(CLIENTS // 4)))
        assert {answer["data"]["viewer"]["contract"]["status"] for answer in answers} == {"ACTIVE", "TERMINATED"}
        await succeed_as_commands(service)
    logs = [line for lines in service.log_lines().values() for line in lines]
    assert not [line for line in logs if '"level":"error"' in line]


async def new_session(client: Client, name: str) -> str:
    """Log in without the cookie of another session, which the log-in would end."""
    client.http.cookies.clear()
    token: str = (await client.log_in(f"{name}@example.jp"))["token"]
    return token


async def ask_as(client: Client, token: str) -> Any:  # noqa: ANN401 - any JSON
    headers = {"Authorization": f"Bearer {token}"}
    return (await client.http.post("/graphql", json={"query": VIEWER}, headers=headers)).json()


async def succeed_as_commands(service: Running) -> None:
    for arguments in (("due",), ("sweep",), ("doctor",), ("migrate",), ("migrate", "--check"), ("contracts", "list")):
        status, _, errors = await command(service.variables, *arguments)
        assert (arguments, status) == (arguments, 0), errors


async def until_a_worker_listens(pool: Pooled) -> None:
    watching = await asyncpg.connect(pool.direct)
    try:
        await until(lambda: watching.fetchval(_LISTENER))
    finally:
        await watching.close()


class Recorder(MemoryDelivery):
    """Records sent mails, and what else it is told of, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self._events: asyncio.Queue[str] = asyncio.Queue()
        self.record = self._events.put_nowait

    async def send(self, mail: EmailMessage) -> None:
        await super().send(mail)
        self.record("mail")

    async def next(self, count: int) -> list[str]:
        async with asyncio.timeout(30):
            return [await self._events.get() for _ in range(count)]


class RecordedRelay(MailRelay):
    """Tells the recorder of its wake-ups."""

    def __init__(self, bench: Workbench, recorder: Recorder) -> None:
        super().__init__(bench.clock, recorder, bench.settings.mail_sender)
        self._recorder = recorder

    def wake(self) -> None:
        self._recorder.record("wake-up")
        super().wake()


@pytest.mark.usefixtures("connected")
async def test_a_mail_is_sent_by_its_wake_up_where_no_sweep_looks_for_mails(pool: Pooled, tmp_path: Path) -> None:
    assert (await command(pool.variables(tmp_path), "migrate"))[0] == 0
    bench, recorder, wake_ups = Workbench.of(pool.settings(tmp_path)), Recorder(), PostgresWakeUps()
    async with mail_loop(RecordedRelay(bench, recorder)):
        assert await recorder.next(1) == ["wake-up"]  # the one at the start of the loop
        await until_a_worker_listens(pool)
        await bench.terminated_contract()
        wake_ups.wake()
        assert await recorder.next(2) == ["wake-up", "mail"]
    await wake_ups.close()


async def test_concurrent_migrations_run_one_after_the_other(pool: Pooled, tmp_path: Path) -> None:
    ended = await asyncio.gather(*(command(pool.variables(tmp_path), "migrate") for _ in range(2)))
    assert [status for status, _, _ in ended] == [0, 0], ended


@pytest.mark.usefixtures("connected")
async def test_every_statement_has_its_limits_and_leaves_none_to_others(pool: Pooled) -> None:
    expected = ["30s", "10s", "30s", "read committed"]
    (alone,) = await fetch(_LIMITS)
    async with transaction():
        (inside,) = await fetch(_LIMITS)
        async with transaction():
            (nested,) = await fetch(_LIMITS)
    assert [list(row) for row in (alone, inside, nested)] == [expected] * 3
    other = await asyncpg.connect(pool.url, statement_cache_size=0)
    try:
        assert list(await other.fetchrow(_LIMITS))[:3] == ["0", "0", "30s"]  # the server's own
    finally:
        await other.close()


@pytest.mark.usefixtures("connected")
async def test_statements_are_committed_one_by_one_and_transactions_completely_or_not_at_all() -> None:
    async def write(value: int) -> None:
        async with transaction():
            await execute("INSERT INTO number VALUES ($1)", value)
            await execute("INSERT INTO number VALUES ($1)", value)

    await execute("CREATE TABLE number (value int UNIQUE)")
    await asyncio.gather(*(execute("INSERT INTO number VALUES ($1)", value) for value in range(CLIENTS)))
    with pytest.raises(asyncpg.UniqueViolationError):
        await execute("INSERT INTO number VALUES ($1)", 0)
    results = await asyncio.gather(*(write(CLIENTS + value) for value in range(CLIENTS)), return_exceptions=True)
    assert {type(result) for result in results} == {asyncpg.UniqueViolationError}
    assert [row["value"] for row in await fetch("SELECT value FROM number ORDER BY value")] == list(range(CLIENTS))


@pytest.mark.usefixtures("connected")
async def test_a_statement_that_was_cancelled_keeps_no_session() -> None:
    for _ in range(2 * SESSIONS):
        async with asyncio.timeout(30):
            await cancel_a_running_statement()
    async with asyncio.timeout(30):
        assert len(await asyncio.gather(*(fetch("SELECT 1") for _ in range(CLIENTS)))) == CLIENTS
