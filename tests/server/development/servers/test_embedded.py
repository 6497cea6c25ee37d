"""What all embedded servers share, tried with a server of a few lines."""

import shutil
import signal
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.embedded import EmbeddedServer
from contract_server.development.servers.ports import LOOPBACK, is_listening
from contract_server.development.servers.server_process import Launch

LISTEN = "import socket, sys; s = socket.create_server((sys.argv[1], int(sys.argv[2])))\nwhile True: s.accept()"
FAIL = "print('no such luck')"


class SmallServer(EmbeddedServer):
    """Listens on its port and does nothing else."""

    name: ClassVar[str] = "Small"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    kill_signal: ClassVar[signal.Signals] = signal.SIGKILL
    program = LISTEN

    @property
    def url(self) -> str:
        return f"small://{LOOPBACK}:{self.port}"

    def _prepare(self) -> None:
        (self._directory / "data").mkdir(exist_ok=True)

    def _plan(self) -> Launch:
        return Launch([sys.executable, "-c", self.program, LOOPBACK, str(self.port)], self._directory)

    def _answers(self) -> bool:
        return is_listening(self.port)

    def _remove_data(self) -> None:
        shutil.rmtree(self._directory / "data")


def test_a_server_keeps_its_port_and_its_data_until_it_is_removed(tmp_path: Path) -> None:
    server = SmallServer(tmp_path / "small")
    with pytest.raises(ValueError, match="has not been started"):
        _ = server.port
    with server:
        url = server.url
    assert not is_listening(server.port)
    with server:
        assert server.url == url
        assert is_listening(server.port)
    assert (tmp_path / "small/data").exists()
    server.remove()
    assert not (tmp_path / "small").exists()


def test_a_start_that_fails_is_one_line_with_the_last_line_of_the_log(tmp_path: Path) -> None:
    server = SmallServer(tmp_path)
    server.program = FAIL
    with pytest.raises(DevelopmentError, match=r"^Small ended as it started: no such luck$"):
        server.start()
    server.program = LISTEN
    with server:
        assert server.pid
