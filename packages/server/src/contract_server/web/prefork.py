"""Several server processes that accept connections from one socket; each that ends is replaced.

The parent forks when everything that can prevent a start is behind it: settings, startup checks, ports. It has no event
loop and no threads. All that it waits for are signals, which stay blocked in it: stop signals, ends of its processes,
and a timer for the next replacement.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from uvicorn.config import STARTUP_FAILURE

from contract_server.logs import get_logger

log = get_logger(__name__)

SHORTEST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STABLE_AFTER_S = 30.0
"""After this time a process counts as healthy; the next pause before its replacement is the shortest again."""

_STOP = frozenset({signal.SIGTERM, signal.SIGINT})
_EVENTS = _STOP | {signal.SIGCHLD, signal.SIGALRM}


@dataclass(slots=True)
class _Process:
    """One of the processes, and its replacements."""

    pid: int | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause: float = SHORTEST_PAUSE_S


def fork_processes(count: int, listening: socket.socket) -> int:
    """Fork the processes, and return in each of them with its index.

    The parent stays inside until a stop signal, and ends when all processes have ended. It ends at once with the
    status of a process whose startup failed: a replacement would fail as well.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _EVENTS)
    processes = [_Process() for _ in range(count)]
    while True:
        for index, process in enumerate(processes):
            if process.pid is None and process.start_at <= time.monotonic() and _fork(process):
                return index
        _set_timer(processes)
        if signal.sigwait(_EVENTS) in _STOP:
            _stop(processes, listening, 0)
        for pid, status in _ended():
            if status == STARTUP_FAILURE:
                _stop(processes, listening, status)
            _schedule(processes, pid, status)


def _fork(process: _Process) -> bool:
    """Start a process; return True in it."""
    process.started_at = time.monotonic()
    process.pid = os.fork()
    if process.pid:
        return False
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _EVENTS)
    return True


def _ended() -> Iterator[tuple[int, int]]:
    """The processes that have ended, with their exit status, negative for a signal."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            yield ended[0], os.waitstatus_to_exitcode(ended[1])


def _schedule(processes: list[_Process], pid: int, status: int) -> None:
    for index, process in enumerate(processes):
        if process.pid == pid:
            now = time.monotonic()
            if now - process.started_at >= STABLE_AFTER_S:
                process.pause = SHORTEST_PAUSE_S
            log.error("server process ended", process=index, pid=pid, status=status, restart_in_s=process.pause)
            process.pid, process.start_at = None, now + process.pause
            process.pause = min(2 * process.pause, LONGEST_PAUSE_S)


def _set_timer(processes: list[_Process]) -> None:
    """Send this process SIGALRM when the next replacement is due."""
    due = [process.start_at for process in processes if process.pid is None]
    signal.setitimer(signal.ITIMER_REAL, max(min(due) - time.monotonic(), 0.001) if due else 0)


def _stop(processes: list[_Process], listening: socket.socket, status: int) -> None:
    """Stop the processes, and end with the status."""
    listening.close()  # first: once the last process has stopped, connections must be refused
    running = [process.pid for process in processes if process.pid is not None]
    for pid in running:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    for pid in running:
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
    sys.exit(status)
