"""Several servers and workers on one database: each can be restarted without a lost request or mail."""

import asyncio
import json
import signal
from dataclasses import dataclass, field
from email import message_from_bytes
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from tests.conftest import migrated_database, seeded_database
from tests.forked import ForkedProcess
from tests.locks import until_a_lock_is_awaited
from tests.notify.scripted_smtp import Line, ScriptedSmtp, closes
from tests.server.running import (
    ACTIVE_CONTRACT,
    LOG_IN,
    PASSWORD,
    RESUME,
    TERMINATE,
    Client,
    command,
    free_port,
    running,
    start,
    stop_process,
    until_ready,
)

from contract_notify.delivery.replies import Stage
from contract_server.cli.exit_status import Status
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

NEXT = {"ContractTerminated": RESUME, "ContractResumed": TERMINATE}
VIEWER = "query { viewer { contract { id status } } }"
TIMELINE = "{ timeline { requestedOn } }"

CONTRACTORS = ("active@example.jp", "grace@example.jp", "lastday@example.jp")
A_WHILE = 60
"""A number of answers."""


@dataclass
class Traffic:
    """Clients of several servers. A client that gets no connection tries another server; any other failure counts."""

    servers: tuple[str, ...]
    over: bool = False
    changes: int = 0
    answers: int = 0
    _turns: "count[int]" = field(default_factory=count)
    _answered: asyncio.Condition = field(default_factory=asyncio.Condition)
    _http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=30))

    async def __aenter__(self) -> "Traffic":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def change(self, email: str) -> None:
        """Terminate and resume a contract as its contractor, again and again."""
        logged_in = (await self._ask(LOG_IN, email=email, password=PASSWORD))["logIn"]
        token, contract = logged_in["token"], (await self._ask(VIEWER, logged_in["token"]))["viewer"]["contract"]
        query = TERMINATE if contract["status"] == "ACTIVE" else RESUME
        while not self.over:
            (answer,) = (await self._ask(query, token, id=contract["id"])).values()
            query = NEXT[answer["__typename"]]
            self.changes += 1

    async def read(self) -> None:
        """Read a page, again and again."""
        while not self.over:
            await self._ask(TIMELINE)

    async def wait_for_answers(self) -> None:
        """Wait until clients have received a number of answers."""
        goal = self.answers + A_WHILE
        async with asyncio.timeout(60), self._answered:
            await self._answered.wait_for(lambda: self.answers >= goal)

    async def _ask(self, query: str, token: str = "", **variables: object) -> Any:  # noqa: ANN401 - any data
        headers = {"Connection": "close"} | ({"Authorization": f"Bearer {token}"} if token else {})
        body, turn = {"query": query, "variables": variables}, next(self._turns)
        for attempt in range(len(self.servers)):
            address = self.servers[(turn + attempt) % len(self.servers)]
            try:
                response = await self._http.post(f"{address}/graphql", json=body, headers=headers)
            except httpx.ConnectError:
                continue
            assert response.status_code == 200, response.text
            assert "errors" not in response.json(), response.text
            async with self._answered:
                self.answers += 1
                self._answered.notify_all()
            return response.json()["data"]
        raise AssertionError("no server accepts a connection")


async def stop(process: ForkedProcess) -> None:
    """Stop a process as systemd does, and assert that it ends well."""
    process.terminate()
    assert await process.wait() in (0, -signal.SIGTERM)


async def test_servers_and_workers_stopped_one_after_the_other_under_load_lose_no_request_and_no_mail(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    url = await seeded_database(postgres)
    async with (
        ScriptedSmtp(extensions=()).running() as smtp,
        running(url, redis.url, tmp_path, SMTP_URL=f"smtp://127.0.0.1:{smtp.port}?starttls=never") as service,
        asyncio.timeout(300),
    ):
        first, second = service.base_url, f"http://127.0.0.1:{free_port()}"
        commands = {
            "server-1": ("serve", "--port", first.rpartition(":")[2]),
            "server-2": ("serve", "--port", second.rpartition(":")[2]),
            "worker-1": ("worker",),
            "worker-2": ("worker",),
        }

        def started(name: str) -> ForkedProcess:
            return start(service.variables, tmp_path / f"{name}.log", *commands[name])

        assert service.worker is not None
        processes = {"server-1": service.server, "worker-1": service.worker}
        for name in ("server-2", "worker-2"):
            processes[name] = started(name)
        await until_ready(second)
        try:
            async with Traffic((first, second)) as traffic, asyncio.TaskGroup() as clients:
                for email in CONTRACTORS:
                    clients.create_task(traffic.change(email))
                for _ in range(4):
                    clients.create_task(traffic.read())
                for name in commands:
                    await traffic.wait_for_answers()
                    await stop(processes[name])
                    await traffic.wait_for_answers()
                    processes[name] = started(name)
                    for address in traffic.servers:
                        await until_ready(address)
                traffic.over = True
            mails = await all_sent(url)
        finally:
            for process in processes.values():
                await stop_process(process)
    assert mails == traffic.changes
    sent = [message_from_bytes(mail.content)["Message-ID"] for mail in smtp.accepted]
    assert len(sent) == len(set(sent)) == mails


async def all_sent(url: str) -> int:
    """Wait until all mails are sent; return their number."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(120):
            while await connection.fetchval("SELECT count(*) FROM outbox_mail WHERE state <> 'SENT'"):
                await asyncio.sleep(0.1)
        mails: int = await connection.fetchval("SELECT count(*) FROM outbox_mail")
        return mails
    finally:
        await connection.close()


async def test_a_request_that_is_under_way_when_the_server_is_told_to_stop_is_answered(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    url = await seeded_database(postgres)
    async with running(url, redis.url, tmp_path, worker=False) as service, service.client() as client:
        await client.log_in("active@example.jp")
        connection = await asyncpg.connect(url)
        async with connection.transaction():
            await connection.execute("SELECT FROM contract WHERE id = $1 FOR UPDATE", ACTIVE_CONTRACT)
            request = asyncio.create_task(client.ask(TERMINATE, id=ACTIVE_CONTRACT))
            await until_a_lock_is_awaited(connection.fetch)
            service.server.terminate()
            await until_refused(service.base_url)
        await connection.close()
        assert await request == {"terminateContract": {"__typename": "ContractTerminated"}}
        assert await service.server.wait() in (0, -signal.SIGTERM)


async def until_refused(address: str) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                async with Client(address) as client:
                    await client.http.get("/healthz")
            except httpx.ConnectError:
                return
            await asyncio.sleep(0.02)


async def test_a_mail_that_is_under_way_when_the_worker_is_told_to_stop_is_sent_once(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    url, stopping = await seeded_database(postgres), asyncio.Event()

    async def accept_late(line: Line) -> None:
        await stopping.wait()
        await line.say("250 accepted")

    async with (
        ScriptedSmtp(extensions=()).running() as smtp,
        running(url, redis.url, tmp_path, SMTP_URL=f"smtp://127.0.0.1:{smtp.port}?starttls=never") as service,
    ):
        smtp.at(Stage.DOT, accept_late)
        async with service.client() as client:
            await client.log_in("active@example.jp")
            await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
        await smtp.reached.wait()
        assert service.worker is not None
        service.worker.terminate()
        stopping.set()
        await service.worker.wait()
        assert len(smtp.accepted) == 1
        assert await all_sent(url) == 1


async def test_a_request_is_followed_from_the_api_through_the_outbox_to_the_worker(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    url, request_id = await seeded_database(postgres), "from-the-proxy_1"
    async with (
        ScriptedSmtp(extensions=()).running() as smtp,
        running(url, redis.url, tmp_path, SMTP_URL=f"smtp://127.0.0.1:{smtp.port}?starttls=never") as service,
    ):
        smtp.at(Stage.RCPT, closes)
        async with service.client() as client:
            await client.log_in("active@example.jp")
            client.http.headers["X-Request-ID"] = request_id
            answer = await client.post(TERMINATE, id=ACTIVE_CONTRACT)
            assert answer.headers["X-Request-ID"] == request_id
        connection = await asyncpg.connect(url)
        # the mail server closed the connection; make the next try due at once
        async with asyncio.timeout(30):
            while not await connection.fetchval("SELECT attempts FROM outbox_mail WHERE lease_token IS NULL"):
                await asyncio.sleep(0.05)
        await connection.execute("UPDATE outbox_mail SET next_attempt_at = dated_at")
        await all_sent(url)
        mail = await connection.fetchrow("SELECT id, request_id FROM outbox_mail")
        await connection.close()
        await stop(service.server)
        assert service.worker is not None
        await service.worker.wait() if service.worker.returncode is not None else await stop(service.worker)
        log = [json.loads(line) for line in service.log_lines()["worker"]]
    assert mail["request_id"] == request_id
    about_it = [(line["event"], line["caused_by"]) for line in log if line.get("mail_id") == mail["id"]]
    assert about_it == [("mail postponed", request_id), ("mail sent", request_id)]


async def test_a_server_wait_for_answers_serving_while_the_database_is_prepared_for_a_newer_version(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    url = await seeded_database(postgres)
    async with running(url, redis.url, tmp_path) as service, service.client() as client:
        await client.log_in("active@example.jp")
        for query in (TERMINATE, RESUME):
            await client.ask(query, id=ACTIVE_CONTRACT)
        connection = await asyncpg.connect(url)
        for (table,) in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            await connection.execute(f"ALTER TABLE {table} ADD COLUMN of_a_newer_version text")
        await connection.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('contract_server', '9999_newer', now())"
        )
        await connection.close()
        for query, done in ((TERMINATE, "ContractTerminated"), (RESUME, "ContractResumed")):
            (answer,) = (await client.ask(query, id=ACTIVE_CONTRACT)).values()
            assert answer["__typename"] == done
        assert (await client.http.get("/readyz")).status_code == 200
        assert len(await service.mails(4)) == 4
        assert (await command(service.variables, "migrate", "--check"))[0] == 0


async def test_a_port_in_use_stops_the_server_in_one_line(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    variables = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": await migrated_database(postgres),
        "MAIL_DIR": str(tmp_path),
    }
    taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    async with taken:
        port = taken.sockets[0].getsockname()[1]
        status, _, errors = await command(variables, "serve", "--port", str(port))
    assert status == Status.NO
    assert errors.startswith(f"contract-server: cannot listen on 127.0.0.1 port {port} ")
