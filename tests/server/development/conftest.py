import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract_server.development.data_directory import DataDirectory
from contract_server.development.servers.file_lock import FileLock
from contract_server.development.servers.ports import pick_free_port

RUN = """
import sys
from pathlib import Path
from contract_server.development.environment import run_development
host, port, directory, *command = sys.argv[1:]
sys.exit(run_development(host, int(port), Path(directory), command=[sys.executable, *command]))
"""


class RunningEnvironment:
    """`contract-server dev` in a process group of its own, as a shell starts it."""

    def __init__(self, directory: Path, port: int, variables: dict[str, str]) -> None:
        self.directory = directory
        self.port = port
        self.said = ""
        program = Path(__file__).with_name("stand_in_program.py")
        self._process = subprocess.Popen(  # noqa: S603 - this Python and a program of ours
            [sys.executable, "-c", RUN, "127.0.0.1", str(port), str(directory), str(program)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
            env={**os.environ, **variables},
        )

    def read_until(self, words: str) -> str:
        """What it says up to the line with these words."""
        begin = len(self.said)
        for line in self._process.stdout or ():
            self.said += line
            if words in line:
                return self.said[begin:]
        pytest.fail(f"it never said {words!r}, but\n{self.said}\n{self._process.communicate()[1]}")

    def process_of(self, command: str) -> int:
        """The process that a command runs in, which its first line of output tells."""
        told = re.compile(rf"\| {command}\b.* has process (\d+)")
        while not (match := told.search(self.said)):
            self.read_until("has process")
        return int(match[1])

    def variables(self) -> dict[str, str]:
        lines = (self.directory / "dev.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def send_group(self, number: signal.Signals) -> None:
        """As a terminal does it on Ctrl-C."""
        os.killpg(self._process.pid, number)

    def finish(self) -> tuple[int, str, str]:
        """Exit status, and what it said since, on standard output and on standard error."""
        out, err = self._process.communicate(timeout=30)
        return self._process.returncode, out, err

    def nothing_is_left(self) -> bool:
        """Whether databases and programs are gone: each held a lock for as long as it lived."""
        locks = [*self.directory.glob("*/life.lock"), *self.directory.glob("*.alive")]
        return all(map(is_released, locks))

    def discard(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


def is_released(path: Path) -> bool:
    """Whether all holders of a lock are gone, now or soon."""
    lock = FileLock(path)
    released = lock.acquire(timeout=15)
    lock.release()
    return released


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for environments, whose path has a space in it."""
    path = tmp_path_factory.mktemp("an environment")
    yield path
    DataDirectory(path).remove()


StartEnvironment = Callable[..., RunningEnvironment]


@pytest.fixture
def start_environment(folder: Path) -> Iterator[StartEnvironment]:
    started: list[RunningEnvironment] = []

    def start(*, port: int | None = None, **variables: str) -> RunningEnvironment:
        started.append(RunningEnvironment(folder, port or pick_free_port(), variables))
        return started[-1]

    yield start
    for environment in started:
        environment.discard()
    assert all(environment.nothing_is_left() for environment in started)
