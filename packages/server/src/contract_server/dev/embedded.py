"""A database server from a wheel that lives no longer than the process that started it."""

import signal
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from contract_server.dev.errors import DevelopmentError
from contract_server.dev.locks import FileLock
from contract_server.dev.ports import is_listening, pick_free_port
from contract_server.dev.server_process import Launch, ServerProcess, end_survivor

_POLL = 0.02
_START_LIMIT = 60.0  # seconds; recovery after a crash comes before the first answer
_PORT_ATTEMPTS = 3


class EmbeddedServer(ABC):
    """A server on a loopback port of its own, whose data is kept in a folder.

    There is never more than one server for a folder. Two locks see to it: one is held by this object while
    it runs the server, the other by the server's own processes. Where the first is taken, somebody else is
    using the folder, and `start` refuses. Where only the second is taken, a server has outlived a supervisor
    that was killed; it is told to stop and waited for. A process id found in a file decides nothing.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]
    """Asks the server to write down everything and end, without waiting for its clients."""
    kill_signal: ClassVar[signal.Signals]
    """Ends the server as a crash would."""

    def __init__(
        self, directory: Path, *, port: int | None = None, durable: bool = True, log: Path | None = None
    ) -> None:
        """Nothing happens before `start`.

        Args:
            directory: A folder for this server alone; it need not exist.
            port: A free one where it is left out. It stays the same for all starts of this object.
            durable: Whether the data is to survive. False is for tests: no write waits for the disk, and
                leaving the `with` block removes the data.
            log: Where the server's own messages are appended; a file in the folder where it is left out.
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
        """Where clients connect, password included; made of characters that need no quoting anywhere."""

    @property
    def port(self) -> int:
        """The loopback port, known once the server has been started."""
        if self._port is None:
            raise ValueError(f"{self.name} has not been started")
        return self._port

    @property
    def pid(self) -> int | None:
        """The server's first process, while it is alive."""
        return self._process.pid if self._process and self._process.running else None

    def start(self) -> None:
        """Start the server, after a crash too, and return when it answers.

        Raises:
            DevelopmentError: It does not; the message says why in one line.
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
        """Wait until the server ends or is stopped; its exit status, negative for a signal."""
        return self._process.wait() if self._process else 0

    def stop(self) -> None:
        """End the server in good order. Does nothing where none is running."""
        with self._changing:
            self._end()
            self._use.release()

    def kill(self) -> None:
        """End the server at once, as a crash would. The data is recovered at the next start."""
        if self._process is not None:
            self._process.send_signal(self.kill_signal)
        self.stop()

    def remove(self) -> None:
        """Stop the server and delete its data, wherever it is kept."""
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
        """Stop; remove the data unless it is to survive."""
        if self._durable:
            self.stop()
        else:
            self.remove()

    @abstractmethod
    def _prepare(self) -> None:
        """Make of the data folder what a launch needs; no server is running on it now."""

    @abstractmethod
    def _plan(self) -> Launch:
        """How the server is launched on its port."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether the server that was launched is ready for clients."""

    @abstractmethod
    def _remove_data(self) -> None:
        """Delete everything that `_prepare` and the server have written."""

    def _claim_directory(self) -> None:
        """Become the only user of the folder."""
        if not self._use.held and not self._use.acquire():
            raise DevelopmentError(f"{self.name} in {self._directory} is in use by another process")
        if not end_survivor(self._life, self.stop_signal):
            raise DevelopmentError(f"{self.name} in {self._directory} was left running and does not stop")

    def _launch_on_its_port(self) -> None:
        """Launch on the port of earlier starts, or else on a free one, and another if that was just lost."""
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
            f"{self.name} {'ended as it started' if ended else 'does not answer'}: {process.last_words()}"
        )

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None
