"""Waking the worker over Redis. Only here and in `worker.py` is arq known."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

from contract_server.logs import get_logger
from contract_server.settings import Settings

log = get_logger(__name__)

QUEUE = "contract-server"
LONGEST_WAIT_S = 2.0


def redis_settings(settings: Settings) -> RedisSettings:
    """Where Redis is, for the worker: a slow answer is waited for, because ending over one would stop all mails."""
    found = RedisSettings.from_dsn(settings.redis_url.get_secret_value())
    found.conn_timeout = 10
    found.retry_on_timeout = True
    return found


def _hasty_redis_settings(settings: Settings) -> RedisSettings:
    """Where Redis is, for wake-ups: one short try, because nobody waits for it."""
    return replace(redis_settings(settings), conn_timeout=1, conn_retries=0, retry_on_timeout=False)


def serialize(job: dict[str, Any]) -> bytes:
    """Jobs as JSON: nothing that comes from Redis is ever unpickled, and no exception's text goes there."""
    return orjson.dumps(job, default=lambda value: type(value).__name__)


class ArqWakeUps:
    """Tells the worker to sweep now. Whatever is wrong with Redis, nobody notices: the next sweep comes anyway."""

    def __init__(self, settings: Settings) -> None:
        self._settings = _hasty_redis_settings(settings)
        self._redis: ArqRedis | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Say that there is something to do. Returns at once and never fails."""
        if not self._under_way:  # one that has not been sent yet says the same
            task = asyncio.get_running_loop().create_task(self._send())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Send what is under way, and let go of the connection."""
        await asyncio.gather(*self._under_way)
        if self._redis is not None:
            await self._redis.aclose()

    async def _send(self) -> None:
        try:
            async with asyncio.timeout(LONGEST_WAIT_S):
                if self._redis is None:
                    self._redis = await create_pool(self._settings, job_serializer=serialize)
                await self._redis.enqueue_job("sweep", _queue_name=QUEUE)
        except (RedisError, OSError, TimeoutError) as error:
            self._redis = None
            log.warning("wake-up not sent", exc_info=error)
