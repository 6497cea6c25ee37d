"""A wake-up has a mail sent at once; without one it is sent a little later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

import pytest
from pydantic import SecretStr
from tests.server.workbench import Workbench, sql

from contract_notify import MemoryDelivery
from contract_server.db.connection import database
from contract_server.mail.wakeups import PostgresWakeUps, listen_for_wakeups
from contract_server.settings import Settings
from contract_server.worker.mail_loop import mail_loop

LISTENERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
END_LISTENERS = LISTENERS.replace("pid", "pg_terminate_backend(pid)")
NOWHERE = "postgresql://postgres:password@127.0.0.1:1/postgres"


class Listener:
    """Counts wake-ups."""

    def __init__(self) -> None:
        self._wakeups: asyncio.Queue[None] = asyncio.Queue()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        task = asyncio.create_task(listen_for_wakeups(lambda: self._wakeups.put_nowait(None)))
        await self.receives_a_wakeup()  # one at the start, for mails queued earlier
        yield
        task.cancel()
        await asyncio.wait([task])

    async def receives_a_wakeup(self) -> None:
        async with asyncio.timeout(30):
            await self._wakeups.get()

    def waiting(self) -> int:
        """Count the wake-ups received since the last one."""
        return self._wakeups.qsize()


@pytest.mark.usefixtures("bench")
async def test_all_who_listen_hear_who_calls() -> None:
    first, second, wake_ups = Listener(), Listener(), PostgresWakeUps()
    async with first.listening(), second.listening():
        wake_ups.wake()
        await first.receives_a_wakeup()
        await second.receives_a_wakeup()
        await wake_ups.close()


@pytest.mark.usefixtures("bench")
async def test_many_who_call_together_are_heard_once() -> None:
    listener, wake_ups = Listener(), PostgresWakeUps()
    async with listener.listening():
        wake_ups.wake()
        await listener.receives_a_wakeup()
        for _ in range(100):
            wake_ups.wake()
        await wake_ups.close()
        await listener.receives_a_wakeup()
        assert listener.waiting() == 0


async def test_a_call_that_cannot_be_made_fails_nobody(settings: Settings) -> None:
    wake_ups = PostgresWakeUps()
    async with database(settings.model_copy(update={"database_url": SecretStr(NOWHERE)})):
        wake_ups.wake()
        await wake_ups.close()


class AnnouncingDelivery(MemoryDelivery):
    """Announces each mail that it accepts."""

    def __init__(self) -> None:
        super().__init__()
        self._accepted: asyncio.Queue[EmailMessage] = asyncio.Queue()

    async def send(self, mail: EmailMessage) -> None:
        await super().send(mail)
        self._accepted.put_nowait(mail)

    async def next(self) -> EmailMessage:
        async with asyncio.timeout(30):
            return await self._accepted.get()


async def test_the_postman_sends_what_was_owed_before_he_came_and_what_he_is_called_for(bench: Workbench) -> None:
    delivery, wake_ups = AnnouncingDelivery(), PostgresWakeUps()
    await bench.terminated_contract()
    async with mail_loop(bench.mail_relay(delivery)):
        await delivery.next()
        await bench.terminated_contract()
        wake_ups.wake()
        await delivery.next()
    await wake_ups.close()
    assert len(delivery.sent) == 2


async def test_the_postman_listens_again_when_his_line_was_cut(bench: Workbench) -> None:
    delivery, wake_ups = AnnouncingDelivery(), PostgresWakeUps()
    async with mail_loop(bench.mail_relay(delivery)):
        await until_a_worker_listens()
        await bench.terminated_contract()
        await sql(END_LISTENERS)
        await delivery.next()  # the new listener starts with a wake-up
        await until_a_worker_listens()
        await bench.terminated_contract()
        wake_ups.wake()
        await delivery.next()
    await wake_ups.close()


async def until_a_worker_listens() -> None:
    async with asyncio.timeout(30):
        while not await sql(LISTENERS):
            await asyncio.sleep(0.01)
