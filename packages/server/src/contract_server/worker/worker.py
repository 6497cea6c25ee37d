"""The worker for arq: `arq contract_server.worker.worker.WorkerSettings`, or within `contract-server worker`.

Its one job is the sweep, which does all due work. It runs at the start and every few seconds. A missed sweep does no
harm, and neither do concurrent sweeps of two processes. Beside it, the mail loop sends mails as they are enqueued, and
another loop sweeps while Redis sends no ticks.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, ClassVar

import orjson
from arq.connections import RedisSettings
from arq.cron import CronJob, cron

from contract_server import logs, metrics
from contract_server.db.connection import database
from contract_server.monitoring.metrics_endpoint import MetricsPort
from contract_server.monitoring.startup_checks import find_known_startup_problem, if_known
from contract_server.services import Services, build_services
from contract_server.settings import SettingsError, load_worker_settings
from contract_server.tracing import TRACING
from contract_server.worker.loops import loops
from contract_server.worker.mail_loop import mail_loop
from contract_server.worker.own_sweeps import EVERY_SECONDS, OwnSweeps
from contract_server.worker.queue import queue_name, redis_settings, serialize
from contract_server.worker.sweep import sweep_unless_running

LONGEST_SWEEP_S = 60

try:
    _SETTINGS = load_worker_settings()
except SettingsError as error:  # arq itself would show a traceback
    sys.exit(f"contract-server: {error}")


async def sweep(ctx: dict[str, Any]) -> None:
    """Run the sweep of a tick."""
    own_sweeps: OwnSweeps = ctx["own_sweeps"]
    own_sweeps.tick()
    await run_sweep(ctx["services"])


async def run_sweep(services: Services) -> None:
    """Run one sweep and record its metrics."""
    with metrics.SWEEP_FAILURES.count_exceptions(BaseException):  # arq cancels one that takes too long
        began = time.monotonic()
        report = await sweep_unless_running(services)
    if report is None:
        return
    metrics.SWEEP_SECONDS.observe(time.monotonic() - began)
    metrics.ACTS_FAILED.inc(len(report.failed))


async def start(ctx: dict[str, Any], new_own_sweeps: Callable[..., OwnSweeps] = OwnSweeps) -> None:
    """Connect to all services, once per process, and start the loops that need no Redis."""
    logs.configure(_SETTINGS.log_level)
    stack = ctx["stack"] = AsyncExitStack()
    stack.enter_context(TRACING.exporting(enabled=_SETTINGS.tracing))
    metrics_port = MetricsPort(_SETTINGS)
    await stack.enter_async_context(database(_SETTINGS))
    if problem := await find_known_startup_problem(_SETTINGS):
        sys.exit(f"contract-server: {problem}")
    services = ctx["services"] = build_services(_SETTINGS)
    stack.push_async_callback(services.close)
    if problem := await if_known(services.configured_webhooks.find_problem()):
        sys.exit(f"contract-server: {problem}")
    own_sweeps = ctx["own_sweeps"] = new_own_sweeps(partial(_run_sweep_of_loop, services))
    await stack.enter_async_context(mail_loop(services.mail_relay))
    await stack.enter_async_context(loops("webhooks", partial(_serve_webhooks, services)))
    await stack.enter_async_context(loops("sweeps", own_sweeps.serve))
    await stack.enter_async_context(metrics_port.serving(services))


async def _serve_webhooks(services: Services) -> None:
    await services.configured_webhooks.apply()
    await services.webhook_relay.serve()


async def _run_sweep_of_loop(services: Services) -> None:
    async with asyncio.timeout(LONGEST_SWEEP_S):
        await run_sweep(services)


async def stop(ctx: dict[str, Any]) -> None:
    """Close all connections."""
    if "stack" in ctx:
        await ctx["stack"].aclose()


class WorkerSettings:
    """How arq runs the worker. A lost job blocks the queue no longer than its timeout."""

    cron_jobs: ClassVar[list[CronJob]] = [
        cron(
            sweep,
            name=f"cron:sweep:{queue_name(_SETTINGS)}",  # also the job's id, which all queues share
            second=set(range(0, 60, EVERY_SECONDS)),
            run_at_startup=True,
            max_tries=5,
            timeout=LONGEST_SWEEP_S,
            keep_result=0,
        )
    ]
    on_startup = start
    on_shutdown = stop
    redis_settings: RedisSettings = redis_settings(_SETTINGS)
    queue_name: str = queue_name(_SETTINGS)
    keep_result = 0
    job_timeout = LONGEST_SWEEP_S
    job_completion_wait = LONGEST_SWEEP_S  # a stop signal lets the sweep in progress finish
    max_tries = 5
    job_serializer = serialize
    job_deserializer = orjson.loads
