"""What goes wrong during a soak: anything that can, one after the other and some at the same time."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

import asyncpg
from redis.asyncio import Redis
from tests.faults.kept import KeptWorker
from tests.notify.scripted_smtp import (
    Fault,
    ScriptedSmtp,
    answers,
    answers_and_closes,
    begins_and_hangs,
    closes,
    drips,
    hangs,
)

from contract_notify.delivery.replies import Stage
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

# no 5xx: that is the mail server's last word about a mail, and no trouble
REFUSALS: tuple[Fault, ...] = (answers("451 4.3.0 not now"), answers_and_closes("421 4.3.2 closing"))
UNCLEAR: tuple[Fault, ...] = (closes, hangs, begins_and_hangs, answers("こんにちは"))
SLOW: tuple[Fault, ...] = (drips("250 ok"),)
STAGES = [stage for stage in Stage if stage is not Stage.AUTH]  # nobody logs in here
BREAK_CONNECTIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'contract_server' AND random() < 0.3
"""


@dataclass
class Troubles:
    """Everything around the product, and how it fails: each by itself, and all at the same time."""

    postgres: EmbeddedPostgres
    redis: EmbeddedRedis
    smtp: ScriptedSmtp
    worker: KeptWorker
    dice: Random
    over: asyncio.Event = field(default_factory=asyncio.Event)
    had: Counter[str] = field(default_factory=Counter)

    async def go_on(self) -> None:
        """One trouble after the other with everything, until they are over; then all is well again."""
        await asyncio.gather(
            self._with(12, self.worker_is_killed, self.worker_is_frozen),
            self._with(6, self.redis_is_killed, self.redis_is_frozen, self.redis_is_flushed, self.redis_is_full),
            self._with(8, self.postgres_is_killed, self.connections_break, self.connections_break),
            self._with(4, self.mail_server_fails),
        )
        self.smtp.recover()

    async def _with(self, longest_peace: float, *kinds: Callable[[], Awaitable[None]]) -> None:
        while not self.over.is_set():
            await self._a_while(longest_peace / 4, longest_peace)
            kind = self.dice.choice(kinds)
            await kind()
            self.had[kind.__name__] += 1

    async def worker_is_killed(self) -> None:
        self._signal_worker(signal.SIGKILL)

    async def worker_is_frozen(self) -> None:
        self._signal_worker(signal.SIGSTOP)
        await self._a_while()
        self._signal_worker(signal.SIGCONT)

    async def redis_is_killed(self) -> None:
        await asyncio.to_thread(self.redis.kill)
        await self._a_while()
        await asyncio.to_thread(self.redis.start)

    async def redis_is_frozen(self) -> None:
        pid = self.redis.pid
        assert pid
        os.kill(pid, signal.SIGSTOP)
        await self._a_while()
        os.kill(pid, signal.SIGCONT)

    async def redis_is_flushed(self) -> None:
        async with Redis.from_url(self.redis.url) as connection:
            await connection.flushall()

    async def redis_is_full(self) -> None:
        async with Redis.from_url(self.redis.url) as connection:
            await connection.config_set("maxmemory", 1)
            await self._a_while()
            await connection.config_set("maxmemory", 0)

    async def postgres_is_killed(self) -> None:
        await asyncio.to_thread(self.postgres.kill)
        await self._a_while()
        await asyncio.to_thread(self.postgres.start)

    async def connections_break(self) -> None:
        connection = await asyncpg.connect(self.postgres.url)
        await connection.execute(BREAK_CONNECTIONS)
        await connection.close()

    async def mail_server_fails(self) -> None:
        if self.smtp.has_faults:  # they wait for somebody to come; more of them would soon be all that anybody meets
            return
        for _ in range(5):
            stage, fault = self.dice.choice(STAGES), self.dice.choice(REFUSALS + UNCLEAR + SLOW)
            is_kept = fault in SLOW or (fault in UNCLEAR and self.dice.random() < 0.5)
            self.smtp.at(stage, fault, mail_is_accepted=is_kept)

    def _signal_worker(self, number: signal.Signals) -> None:
        process = self.worker.process
        if process and process.returncode is None:
            process.send_signal(number)

    async def _a_while(self, least: float = 0.2, most: float = 2) -> None:
        """Troubles last and come as they like."""
        await asyncio.sleep(self.dice.uniform(least, most))
