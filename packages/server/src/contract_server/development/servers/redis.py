"""A real Redis for development and tests, run from a wheel."""

import secrets
import shutil
import signal
import socket
from pathlib import Path
from typing import ClassVar

from contract_server.development.servers.embedded import EmbeddedServer
from contract_server.development.servers.ports import LOOPBACK
from contract_server.development.servers.server_process import Launch
from contract_server.development.servers.wheels import find_redis

_ANSWER_LIMIT = 1.0

# Queued jobs survive a restart. A crash of the machine loses a second of ticks, which the next sweep makes up
# for. One file is appended to; there are no snapshots.
_DURABLE = "appendonly yes\nappendfsync everysec\n"
_WITHOUT_DURABILITY = "appendonly no\n"


class EmbeddedRedis(EmbeddedServer):
    """Redis on a loopback port, with a new password at every start of the environment.

    The password keeps out other users of the machine, who could otherwise make the server write files in our
    name. The server reads its configuration from standard input, so that no list of processes shows it.
    """

    name: ClassVar[str] = "Redis"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM  # saves its data, then ends
    kill_signal: ClassVar[signal.Signals] = signal.SIGKILL

    def __init__(
        self, directory: Path, *, port: int | None = None, durable: bool = True, log: Path | None = None
    ) -> None:
        """As `EmbeddedServer`."""
        super().__init__(directory, port=port, durable=durable, log=log)
        self._data = self._directory / "data"
        self._password = secrets.token_hex(16)

    @property
    def url(self) -> str:
        """`redis://:password@127.0.0.1:port/0`."""
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    def _prepare(self) -> None:
        self._data.mkdir(mode=0o700, exist_ok=True)

    def _plan(self) -> Launch:
        configuration = (
            f"bind {LOOPBACK}\nport {self.port}\nprotected-mode yes\nrequirepass {self._password}\n"
            f'daemonize no\nsave ""\n{_DURABLE if self._durable else _WITHOUT_DURABILITY}'
        )
        return Launch(command=[str(find_redis()), "-"], folder=self._data, text=configuration.encode())

    def _answers(self) -> bool:
        """Whether a server that accepts our password answers; while Redis reads its file it answers LOADING."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=_ANSWER_LIMIT) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\nQUIT\r\n".encode())
                return connection.makefile("rb").read() == b"+OK\r\n+PONG\r\n+OK\r\n"
        except OSError:
            return False

    def _remove_data(self) -> None:
        shutil.rmtree(self._data, ignore_errors=not self._data.exists())
