"""kill -9 while mails are being handed over, and the loss of any reply of the database while they are.

A process that dies delays those mails that it had in hand, and no others. One that lives sends every mail once.
"""

import asyncio
import itertools
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr
from tests.conftest import new_database
from tests.faults.proxy import Moment, proxied
from tests.faults.rows import OWE_MAILS
from tests.faults.waiting import until
from tests.notify.scripted_smtp import CERTIFICATE, Line, ScriptedSmtp, answers, hangs
from tests.server.running import command, start

from contract_notify import MemoryDelivery
from contract_notify.delivery.replies import Stage
from contract_server.clock import DatabaseClock
from contract_server.db.availability import is_unavailable
from contract_server.db.connection import database
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.mail.relay import MailRelay
from contract_server.settings import EnvironmentName, Settings

MAILS, SENT, IN_HAND = 12, 5, 3

END_LEASES = "UPDATE outbox_mail SET lease_until = clock_timestamp() - interval '1 microsecond' WHERE state = 'PENDING'"
COUNT = "SELECT count(*) FROM outbox_mail WHERE state = $1 AND attempts = $2"


@pytest.mark.parametrize("kept", [False, True], ids=["the server kept none", "the server kept all"])
async def test_after_kill_9_all_mails_go_out_at_once_but_those_that_were_in_hand(
    postgres: EmbeddedPostgres, tmp_path: Path, kept: bool
) -> None:
    hanging = asyncio.Semaphore(0)

    async def hangs_for_good(line: Line) -> None:
        hanging.release()
        await hangs(line)

    url = await migrated_database(postgres)
    connection = await asyncpg.connect(url)
    await connection.execute(OWE_MAILS, MAILS)
    async with ScriptedSmtp().running() as smtp:
        variables = {
            "ENVIRONMENT": "development",
            "DATABASE_URL": url,
            "SMTP_URL": f"smtp://127.0.0.1:{smtp.port}?ca={CERTIFICATE}",
            "MAIL_CONNECTIONS": str(IN_HAND),
        }
        for _ in range(SENT):
            smtp.at(Stage.DOT, answers("250 accepted"))
        for _ in range(IN_HAND):
            smtp.at(Stage.DOT, hangs_for_good, mail_is_accepted=kept)
        sweeping = start(variables, tmp_path / "sweep.log", "sweep")
        async with asyncio.timeout(60):
            for _ in range(IN_HAND):
                await hanging.acquire()
        await until(lambda: count(connection, "SENT", attempts=1, expected=SENT))
        sweeping.kill()
        await sweeping.wait()

        assert (await command(variables, "sweep"))[0] == 0
        assert await count(connection, "SENT", attempts=1, expected=MAILS - IN_HAND)
        assert await count(connection, "PENDING", attempts=1, expected=IN_HAND)
        await connection.execute(END_LEASES)
        assert (await command(variables, "sweep"))[0] == 0
        assert await count(connection, "SENT", attempts=2, expected=IN_HAND)
    await connection.close()
    assert len(smtp.accepted) == MAILS + (IN_HAND if kept else 0)
    assert len({mail.content for mail in smtp.accepted}) == MAILS


@pytest.mark.parametrize("moment", Moment, ids=["before the server sees it", "before we hear of it"])
async def test_a_process_that_lives_sends_every_mail_once_whatever_reply_is_lost(
    postgres: EmbeddedPostgres, moment: Moment
) -> None:
    url = await migrated_database(postgres)
    connection = await asyncpg.connect(url)
    async with AsyncExitStack() as line:
        proxy, proxied_url = await line.enter_async_context(proxied(url))
        settings = Settings(environment=EnvironmentName.DEVELOPMENT, database_url=SecretStr(proxied_url))
        async with database(settings):
            for at in itertools.count(1):
                await connection.execute("TRUNCATE outbox_mail")
                await connection.execute(OWE_MAILS, 3)
                delivery = MemoryDelivery()
                outbox = MailRelay(DatabaseClock(), delivery, settings.mail_sender, max_in_flight=2)
                proxy.arm(at, moment)
                try:
                    await outbox.drain()
                except Exception as error:
                    if not is_unavailable(error):
                        raise
                broken = proxy.broken
                proxy.arm(None, moment)
                await connection.execute(END_LEASES)
                await outbox.drain()
                assert await connection.fetchval("SELECT count(*) FROM outbox_mail WHERE state = 'SENT'") == 3, at
                assert len({mail["Message-ID"] for mail in delivery.sent}) == len(delivery.sent) == 3, at
                if not broken:
                    break
            await line.aclose()
    await connection.close()
    assert at > 5


async def migrated_database(postgres: EmbeddedPostgres) -> str:
    url = await new_database(postgres)
    status, _, errors = await command({"ENVIRONMENT": "development", "DATABASE_URL": url}, "migrate")
    assert status == 0, errors
    return url


async def count(connection: asyncpg.Connection, state: str, *, attempts: int, expected: int) -> bool:
    return bool(await connection.fetchval(COUNT, state, attempts) == expected)
