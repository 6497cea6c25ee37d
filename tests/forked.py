"""Commands of `contract-server` in processes of their own, forked from one that has imported everything.

A new Python takes a second to import the server. Each worker of a test run imports it once, in a fork server.
"""

import asyncio
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import uuid_utils

from contract_server.cli.command_line import COMMANDS

_MODULES = {place.partition(":")[0] for place, _ in COMMANDS.values()}
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "tests.forked",
        "tests.faults.watched",
        *(f"contract_server.cli.commands.{module}" for module in _MODULES),
        "contract_server.web.app",
        "contract_server.worker.sweep",
        "arq",
    ]
)
_HELD_LOG = "HELD_LOG"


class ForkedProcess:
    """A running command, with the interface of `asyncio.subprocess.Process`."""

    def __init__(self, variables: Mapping[str, str], *arguments: str, output: Path, errors: Path) -> None:
        inherited = {name: os.environ[name] for name in ("PATH", _HELD_LOG) if name in os.environ}
        self._process = _CONTEXT.Process(
            target=_run, args=({**inherited, **variables}, arguments, output, errors), daemon=True
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    async def wait(self) -> int:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _run(variables: Mapping[str, str], arguments: tuple[str, ...], output: Path, errors: Path) -> None:
    """Run a command, with a heartbeat in the event loop of its servers where one is asked for."""
    from tests.faults.watched import watch_servers  # noqa: PLC0415 - imported by the fork server

    from contract_server.cli import main  # noqa: PLC0415 - as above

    for descriptor, file in ((1, output), (2, errors)):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = ["contract-server", *arguments]
    gc.freeze()  # otherwise, the first collection copies all that the fork shares with its server
    uuid_utils.reseed_rng()  # otherwise, all forks make the same random numbers
    if _HELD_LOG in os.environ:
        watch_servers()
    main()
