"""`contract_server` with a heartbeat in the event loop of its servers: what holds a loop is written to `$HELD_LOG`."""

import asyncio
import os
import socket
import time
from pathlib import Path

import uvicorn
from tests.server.hostile.heartbeat import LONGEST_HOLD

from contract_server.cli import main

HELD_LOG = "HELD_LOG"
BEAT_S = 0.01


def watch(log: Path) -> None:
    """Write a line for each time that the running loop is held for too much CPU between two beats."""
    loop = asyncio.get_running_loop()
    last = time.thread_time()

    def beat() -> None:
        nonlocal last
        held = time.thread_time() - last
        if held > LONGEST_HOLD:
            with log.open("a") as lines:
                lines.write(f"process {os.getpid()} held its event loop for {held:.3f} s of CPU\n")
        last = time.thread_time()
        loop.call_later(BEAT_S, beat)

    beat()


def watch_servers() -> None:
    """Begin to watch when a server of this process has started."""
    log, start = Path(os.environ[HELD_LOG]), uvicorn.Server.startup

    async def start_and_watch(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        await start(self, sockets)
        watch(log)

    uvicorn.Server.startup = start_and_watch  # type: ignore[method-assign]


if __name__ == "__main__":
    watch_servers()
    main()
