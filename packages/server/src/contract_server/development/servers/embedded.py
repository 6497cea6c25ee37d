"""A database server from a wheel that ends with the process that started it."""

import signal
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.file_lock import FileLock
from contract_server.development.servers.ports import is_listening, pick_free_port
from contract_server.development.servers.server_process import Launch, ServerProcess, end_survivor

_POLL = 0.02
_START_LIMIT = 60.0  # seconds; recovery after a crash comes before the first answer
_PORT_ATTEMPTS = 3


class EmbeddedServer(ABC):
    """A server on its own loopback port, with its data in one folder.

    A folder never has more than one server. Two locks ensure this: this object holds one while it runs the
    server, and the server's own processes hold the other. If the first is taken, another process uses the
    folder, and `start` refuses. If only the second is taken, a server has outlived a killed supervisor; it is
    stopped and awaited. A process id found in a file decides nothing.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]
    """Makes the server flush its data and end without waiting for its clients."""
    kill_signal: ClassVar[signal.Signals]
    """Ends the server as a crash would."""

    def __init__(
        self, directory: Path, *, port: int | None = None, durable: bool = True, log: Path | None = None
    ) -> None:
        """Prepare the server; `start` runs it.

        Args:
            directory: A folder for this server alone; it need not exist.
            port: The port; by default a free one. All starts of this object use the same one.
            durable: Whether the data must survive. False is for tests: no write waits for the disk, and
                leaving the `with` block removes the data.
            log: File to which the server's messages are appended; by default a file in the folder.
        """
        self._directory = directory.absolute()
        self._log = log.absolute() if log else self._directory / f"{self.name.lower()}.log"
        self._durable = durable
        self._port = port
        self._process: ServerProcess | None = None
        self._use = FileLock(self._directory / "use.lock")
        self._life = FileLock(self._directory / "life.lock")
        self._changing = threading.RLock()

    @property
    @abstractmethod
    def url(self) -> str:
        """URL for clients, with the password; no character of it needs quoting."""

    @property
    def port(self) -> int:
        """The loopback port, known after the first start."""
        if self._port is None:
            raise ValueError(f"{self.name} has not been started")
        return self._port

    @property
    def pid(self) -> int | None:
        """Process id of the server's first process while it runs."""
        return self._process.pid if self._process and self._process.running else None

    def start(self) -> None:
        """Start the server, also after a crash, and return when it accepts clients.

        Raises:
            DevelopmentError: It does not start; the message gives the reason in one line.
        """
        with self._changing:
            if self.pid is not None:
                return
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._log.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._end()
                self._claim_directory()
                self._prepare()
                self._launch_on_its_port()
            except BaseException:
                self.stop()
                raise

    def wait(self) -> int:
        """Wait for the server's end and return the exit status, negative for a signal."""
        return self._process.wait() if self._process else 0

    def stop(self) -> None:
        """Stop the server gracefully; do nothing if none is running."""
        with self._changing:
            self._end()
            self._use.release()

    def kill(self) -> None:
        """Kill the server, as a crash would. The next start recovers the data."""
        if self._process is not None:
            self._process.send_signal(self.kill_signal)
        self.stop()

    def remove(self) -> None:
        """Stop the server and delete its data."""
        with self._changing:
            self.stop()
            if not self._directory.exists():
                return
            self._claim_directory()
            self._remove_data()
            for path in (self._log, *self._directory.glob("*.lock")):
                path.unlink(missing_ok=True)
            self._use.release()
            if not any(self._directory.iterdir()):
                self._directory.rmdir()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server; remove the data unless it must survive."""
        if self._durable:
            self.stop()
        else:
            self.remove()

    @abstractmethod
    def _prepare(self) -> None:
        """Prepare the data folder for a launch; no server is running on it."""

    @abstractmethod
    def _plan(self) -> Launch:
        """The command that launches the server on its port."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether the launched server accepts clients."""

    @abstractmethod
    def _remove_data(self) -> None:
        """Delete all files written by `_prepare` and by the server."""

    def _claim_directory(self) -> None:
        """Take both locks of the folder."""
        if not self._use.held and not self._use.acquire():
            raise DevelopmentError(f"{self.name} in {self._directory} is in use by another process")
        if not end_survivor(self._life, self.stop_signal):
            raise DevelopmentError(f"{self.name} in {self._directory} was left running and does not stop")

    def _launch_on_its_port(self) -> None:
        """Launch on the port of earlier starts, or on a free one; retry if another process has just taken it."""
        if self._port is not None:
            self._launch()
            return
        for attempts_left in reversed(range(_PORT_ATTEMPTS)):
            self._port = port = pick_free_port()
            try:
                self._launch()
            except DevelopmentError:
                self._port = None
                if not attempts_left or not is_listening(port):
                    raise
            else:
                return

    def _launch(self) -> None:
        self._process = process = ServerProcess(
            self._plan(), life=self._life, log=self._log, stop_signal=self.stop_signal
        )
        deadline = time.monotonic() + _START_LIMIT
        while process.running and time.monotonic() < deadline:
            if self._answers():
                return
            time.sleep(_POLL)
        ended = not process.running
        self._end()
        raise DevelopmentError(
            f"{self.name} {'ended as it started' if ended else 'does not answer'}: {process.last_log_line()}"
        )

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None
