"""The worker: `arq contract_server.worker.worker.WorkerSettings`.

One job, the sweep: it does whatever is due. It runs every few seconds and at the start; missing one, or two of two
processes at a time, changes nothing. Beside it the postman sends the mails that are owed, whenever somebody calls.
"""

import sys
import time
from contextlib import AsyncExitStack
from typing import Any, ClassVar

import orjson
from arq.connections import RedisSettings
from arq.cron import CronJob, cron

from contract_server import logs, metrics
from contract_server.db.connection import database
from contract_server.monitoring.metrics_endpoint import MetricsPort
from contract_server.monitoring.startup_checks import find_known_startup_problem
from contract_server.services import Services, build_services
from contract_server.settings import SettingsError, load_worker_settings
from contract_server.worker.mail_loop import postman
from contract_server.worker.queue import queue_name, redis_settings, serialize
from contract_server.worker.sweep import sweep_unless_at_it

EVERY_SECONDS = 5

try:
    _SETTINGS = load_worker_settings()
except SettingsError as error:  # arq itself would show a traceback
    sys.exit(f"contract-server: {error}")


async def sweep(ctx: dict[str, Any]) -> None:
    """Do all that is due."""
    services: Services = ctx["services"]
    with metrics.SWEEP_FAILURES.count_exceptions(BaseException):  # one that takes too long is cancelled
        began = time.monotonic()
        report = await sweep_unless_at_it(services)
    if report is None:
        return
    metrics.SWEEP_SECONDS.observe(time.monotonic() - began)
    metrics.ACTS_FAILED.inc(len(report.failed))


async def start(ctx: dict[str, Any]) -> None:
    """Connect, once a process."""
    logs.configure(_SETTINGS.log_level)
    stack = ctx["stack"] = AsyncExitStack()
    metrics_port = MetricsPort(_SETTINGS)
    await stack.enter_async_context(database(_SETTINGS))
    if obstacle := await find_known_startup_problem(_SETTINGS):
        sys.exit(f"contract-server: {obstacle}")
    services = ctx["services"] = build_services(_SETTINGS)
    stack.push_async_callback(services.close)
    await stack.enter_async_context(postman(services.mail_relay))
    await stack.enter_async_context(metrics_port.serving(services))


async def stop(ctx: dict[str, Any]) -> None:
    """Let go of everything."""
    if "stack" in ctx:
        await ctx["stack"].aclose()


class WorkerSettings:
    """How arq runs the worker. A dead job can block nothing for longer than its timeout."""

    cron_jobs: ClassVar[list[CronJob]] = [
        cron(
            sweep,
            name=f"cron:sweep:{queue_name(_SETTINGS)}",  # it is the job's id too, which all queues share
            second=set(range(0, 60, EVERY_SECONDS)),
            run_at_startup=True,
            max_tries=5,
            timeout=60,
            keep_result=0,
        )
    ]
    on_startup = start
    on_shutdown = stop
    redis_settings: RedisSettings = redis_settings(_SETTINGS)
    queue_name: str = queue_name(_SETTINGS)
    keep_result = 0
    job_timeout = 60
    job_completion_wait = 60  # who is told to stop ends the sweep that it is at
    max_tries = 5
    job_serializer = serialize
    job_deserializer = orjson.loads
