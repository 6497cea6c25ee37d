"""A mail server that hangs holds up mails, and nothing else: no answer of the API, and nothing that falls due."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path

import asyncpg
import pytest
from tests.conftest import seeded_database
from tests.faults.rows import OWE_MAILS
from tests.faults.time_passing import pass_time
from tests.faults.waiting import until
from tests.notify.scripted_smtp import CERTIFICATE, Line, ScriptedSmtp
from tests.server.running import ACTIVE_CONTRACT, CLOSED_CONTRACT, RESUME, TERMINATE, VIEWER, Running, running

from contract_notify.delivery.replies import Stage
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

TERMINATED = "【おまかせログイン】サービス利用停止受理通知"
RESUMED = "【おまかせログイン】サービス利用再開受理通知"


@dataclass
class Silence:
    """A mail server that says no more until it is told to go on."""

    smtp: ScriptedSmtp
    broken: asyncio.Event

    def at(self, stage: Stage, *answer: str) -> None:
        async def fault(line: Line) -> None:
            await self.broken.wait()
            await line.say(*answer)

        self.smtp.at(stage, fault)


@pytest.fixture
async def silence() -> AsyncIterator[Silence]:
    async with ScriptedSmtp().running() as smtp:
        yield Silence(smtp, asyncio.Event())


@pytest.fixture
async def service(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, silence: Silence, tmp_path: Path
) -> AsyncIterator[Running]:
    """The product, with a worker that would wait for that mail server for a quarter of an hour."""
    patient = f"smtp://127.0.0.1:{silence.smtp.port}?ca={CERTIFICATE}&reply_timeout=900&send_timeout=540"
    url = await seeded_database(postgres)
    async with running(url, redis.url, tmp_path, SMTP_URL=patient) as found:
        yield found


@pytest.fixture
async def connection(service: Running) -> AsyncIterator[asyncpg.Connection]:
    """The product's database."""
    found = await asyncpg.connect(service.database_url)
    yield found
    await found.close()


async def test_the_api_answers_while_the_mail_server_hangs_and_the_mails_follow_in_order(
    service: Running, silence: Silence
) -> None:
    silence.at(Stage.DATA, "354 go on")
    async with service.client() as client:
        await client.log_in("active@example.jp")
        await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
        async with asyncio.timeout(30):
            await silence.smtp.reached.wait()
        for change, name, expected in (
            (RESUME, "resumeContract", "ContractResumed"),
            (TERMINATE, "terminateContract", "ContractTerminated"),
        ):
            assert (await client.ask(change, id=ACTIVE_CONTRACT))[name]["__typename"] == expected
        assert (await client.ask(VIEWER))["viewer"]["contract"]["status"] == "TERMINATED"
        assert (await client.http.get("/readyz")).status_code == 200
        assert silence.smtp.accepted == []

    silence.broken.set()
    await until(lambda: len(silence.smtp.accepted) == 3)
    subjects = [
        BytesHeaderParser(policy=policy.default).parsebytes(mail.content)["Subject"] for mail in silence.smtp.accepted
    ]
    assert subjects == [TERMINATED, RESUMED, TERMINATED]


async def test_what_falls_due_is_done_while_the_mail_server_hangs_however_many_mails_wait(
    connection: asyncpg.Connection, silence: Silence
) -> None:
    mails = 30  # more than a worker's jobs
    for _ in range(mails):
        silence.at(Stage.CONNECT, "220 scripted")
    await connection.execute(OWE_MAILS, mails)
    async with asyncio.timeout(30):
        await silence.smtp.reached.wait()
    await pass_time(connection, timedelta(days=26))
    await until(lambda: is_erased(connection, CLOSED_CONTRACT))
    assert silence.smtp.accepted == []

    silence.broken.set()
    await until(lambda: len(silence.smtp.accepted) == mails)


async def is_erased(connection: asyncpg.Connection, contract_id: str) -> bool:
    status: str = await connection.fetchval("SELECT status FROM contract WHERE id = $1", contract_id)
    return status == "ERASED"
