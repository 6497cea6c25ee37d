"""The product's worker, in whose loop of own sweeps time passes thirty times as fast. All other waits are real."""

import asyncio
import time

from contract_server import event_loop, logs
from contract_server.settings import load_worker_settings
from contract_server.worker.own_sweeps import OwnSweeps
from contract_server.worker.process import run_worker

HASTE = 30

if __name__ == "__main__":
    logs.configure(load_worker_settings().log_level)
    event_loop.run(
        run_worker(
            lambda sweep: OwnSweeps(
                sweep,
                now=lambda: time.monotonic() * HASTE,
                sleep=lambda seconds: asyncio.sleep(seconds / HASTE),
            )
        )
    )
