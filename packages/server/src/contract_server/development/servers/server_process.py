"""One run of a database server, from its launch to the end of its last process."""

import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.file_lock import FileLock
from contract_server.development.servers.run_as import Identity
from contract_server.development.servers.watchdog import Watchdog

STOP_LIMIT = 30.0  # seconds for a server to save its data; then it is killed
_CHILDREN_LIMIT = 1.0  # seconds that the children of a crashed server may take to end
_LOCK_LIMIT = 5.0  # seconds in which processes that are being forked by other threads give up the lock

CLEAN_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""The server's environment: none of our variables, so that none changes its behaviour."""


@dataclass(frozen=True)
class Launch:
    """What to start: a program with arguments, its working folder, its standard input, and its user."""

    command: list[str]
    folder: Path
    text: bytes = b""
    identity: Identity = field(default_factory=Identity)


class ServerProcess:
    """A running server, or one that has ended and was not reaped yet.

    Its processes inherit the lock `life`: while it is taken, one of them is alive.
    """

    def __init__(self, launch: Launch, *, life: FileLock, log: Path, stop_signal: signal.Signals) -> None:
        self._life = life
        self._stop_signal = stop_signal
        if not life.acquire(timeout=_LOCK_LIMIT):  # a process that another thread forks holds it until it has begun
            raise DevelopmentError(f"{launch.command[0]} cannot be run: a process of before has not ended")
        try:
            with log.open("ab") as output, tempfile.TemporaryFile() as text:
                text.write(launch.text)
                text.seek(0)
                self._log, self._log_begin = log, output.tell()
                self._process = subprocess.Popen(  # noqa: S603 - a program from a wheel, arguments of our own
                    launch.command,
                    stdin=text,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=launch.folder,
                    env=CLEAN_ENVIRONMENT,
                    start_new_session=True,  # Ctrl-C in the terminal is for this process
                    pass_fds=(life.fileno(),),
                    **launch.identity,
                )
            life.write_note(str(self._process.pid))
        except OSError as error:
            raise DevelopmentError(f"{launch.command[0]} cannot be run: {error.strerror}") from None
        finally:
            life.release()
        self._watchdog = Watchdog(self._process.pid, stop_signal)

    @property
    def pid(self) -> int:
        """Process id of the server's first process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the first process is alive."""
        return self._process.poll() is None

    def last_log_line(self) -> str:
        """The last line of this run's log."""
        with self._log.open("rb") as log:
            log.seek(self._log_begin)
            lines = log.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "no output")

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait for the end and return the exit status, negative for a signal."""
        return self._process.wait()

    def end(self) -> None:
        """Stop the server, gracefully if possible, and return when no process is left."""
        self._process.send_signal(self._stop_signal)
        try:
            self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._life.acquire(timeout=STOP_LIMIT)
        self._life.release()
        self._watchdog.release()


def end_survivor(life: FileLock, stop_signal: signal.Signals) -> bool:
    """Stop a server that outlived the process that started it; return False if it does not end."""
    if not life.acquire(timeout=_CHILDREN_LIMIT):
        if note := life.read_note():
            with suppress(ProcessLookupError):
                os.kill(int(note), stop_signal)
        if not life.acquire(timeout=STOP_LIMIT):
            return False
    life.release()
    return True
