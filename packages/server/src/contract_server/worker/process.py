"""The worker process: `contract-server worker`. It needs no Redis to start, and goes on when Redis ends or hangs."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from arq.worker import create_worker
from redis.exceptions import RedisError

from contract_server.services import Services
from contract_server.worker.loops import loops
from contract_server.worker.own_sweeps import OwnSweeps
from contract_server.worker.worker import LONGEST_SWEEP_S, WorkerSettings, start, stop


async def run_worker(new_own_sweeps: Callable[..., OwnSweeps] = OwnSweeps) -> None:
    """Run the worker until a signal to stop; then finish the sweep in progress and the mails in flight."""
    stopped = _stopped_by_signal()
    ctx: dict[str, Any] = {}
    try:
        await start(ctx, new_own_sweeps)
        async with loops("ticks", partial(_receive_ticks, ctx)):
            await stopped.wait()
            await _end_sweeps(ctx["services"])
    finally:
        await stop(ctx)


def _stopped_by_signal() -> asyncio.Event:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # on Windows
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


async def _receive_ticks(ctx: dict[str, Any]) -> None:
    """Run arq until it ends, which it does when Redis does not answer."""
    once = replace(WorkerSettings.redis_settings, conn_retries=0)
    worker = create_worker(
        WorkerSettings,  # type: ignore[arg-type]  # arq's annotation expects an instance
        ctx=ctx,
        handle_signals=False,
        on_startup=None,
        on_shutdown=None,
        redis_settings=once,
    )
    try:
        await worker.async_run()
    except (RedisError, OSError) as error:
        ctx["own_sweeps"].redis_failed(error)
    finally:
        if worker.pool:
            await worker.pool.aclose()


async def _end_sweeps(services: Services) -> None:
    """Wait for the sweep in progress, and let none begin."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_SWEEP_S):
            await services.sweeping.acquire()
