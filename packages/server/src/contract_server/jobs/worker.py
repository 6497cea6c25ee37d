"""The worker: `arq contract_server.jobs.worker.WorkerSettings`.

One job, the sweep: it does whatever is due and sends the mails that are owed. It runs every few seconds, at the
start, and whenever somebody wakes it; missing one, or running two at a time, changes nothing.
"""

from contextlib import AsyncExitStack
from typing import Any, ClassVar

import orjson
from arq.connections import RedisSettings
from arq.cron import CronJob, cron
from arq.typing import WorkerCoroutine

from contract_server import logs
from contract_server.db.connection import database
from contract_server.jobs.queue import QUEUE, redis_settings, serialize
from contract_server.services import Services, build_services
from contract_server.settings import load_settings
from contract_server.sweep import sweep_once

EVERY_SECONDS = 5


async def sweep(ctx: dict[str, Any]) -> None:
    """Do all that is due."""
    services: Services = ctx["services"]
    await sweep_once(services)


async def start(ctx: dict[str, Any]) -> None:
    """Connect, once a process."""
    settings = load_settings()
    logs.configure(settings.log_level)
    stack = ctx["stack"] = AsyncExitStack()
    await stack.enter_async_context(database(settings))
    ctx["services"] = build_services(settings)
    stack.push_async_callback(ctx["services"].close)


async def stop(ctx: dict[str, Any]) -> None:
    """Let go of everything."""
    if "stack" in ctx:
        await ctx["stack"].aclose()


class WorkerSettings:
    """How arq runs the worker. A dead job can block nothing for longer than its timeout."""

    functions: ClassVar[list[WorkerCoroutine]] = [sweep]
    cron_jobs: ClassVar[list[CronJob]] = [
        cron(
            sweep,
            name="cron:sweep",
            second=set(range(0, 60, EVERY_SECONDS)),
            run_at_startup=True,
            max_tries=5,
            timeout=60,
            keep_result=0,
        )
    ]
    on_startup = start
    on_shutdown = stop
    redis_settings: RedisSettings = redis_settings(load_settings())
    queue_name = QUEUE
    keep_result = 0
    job_timeout = 60
    job_completion_wait = 30
    max_tries = 5
    job_serializer = serialize
    job_deserializer = orjson.loads
