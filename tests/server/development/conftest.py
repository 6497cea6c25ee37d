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
    """`contract-server dev` in its own process group, as a shell starts it."""

    def __init__(self, directory: Path, port: int, variables: dict[str, str]) -> None:
        self.directory = directory
        self.port = port
        self.output = ""
        program = Path(__file__).with_name("fake_program.py")
        self._process = subprocess.Popen(  # noqa: S603 - this Python and a program of ours
            [sys.executable, "-c", RUN, "127.0.0.1", str(port), str(directory), str(program)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
            env={**os.environ, **variables},
        )

    def read_until(self, words: str) -> str:
        """Read the output up to the line with these words, and return it."""
        begin = len(self.output)
        for line in self._process.stdout or ():
            self.output += line
            if words in line:
                return self.output[begin:]
        pytest.fail(f"no output with {words!r}, but\n{self.output}\n{self._process.communicate()[1]}")

    def process_of(self, command: str) -> int:
        """The process id of a command, which is in its first line of output."""
        pattern = re.compile(rf"\| {command}\b.* has process (\d+)")
        while not (match := pattern.search(self.output)):
            self.read_until("has process")
        return int(match[1])

    def variables(self) -> dict[str, str]:
        lines = (self.directory / "dev.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def send_group(self, number: signal.Signals) -> None:
        """Send a signal to the whole process group, as a terminal does on Ctrl-C."""
        os.killpg(self._process.pid, number)

    def finish(self) -> tuple[int, str, str]:
        """Wait for the end; return exit status, and the rest of standard output and standard error."""
        out, err = self._process.communicate(timeout=30)
        return self._process.returncode, out, err

    def has_ended_completely(self) -> bool:
        """Whether all databases and programs have ended: each holds a lock while it lives."""
        locks = [*self.directory.glob("*/life.lock"), *self.directory.glob("*.alive")]
        return all(map(is_released, locks))

    def discard(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


def is_released(path: Path) -> bool:
    """Whether a lock is free, now or soon."""
    lock = FileLock(path)
    released = lock.acquire(timeout=15)
    lock.release()
    return released


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for environments; its path contains a space."""
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
    assert all(environment.has_ended_completely() for environment in started)
