"""README's first steps in a new clone, by an ordinary user whose home is empty and whose machine has no Node."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.server.running import LOG_IN, PASSWORD, free_port

CHECKOUT = Path(__file__).parents[2]
NODE = {"node", "nodejs", "npm", "npx", "corepack"}
PERSONAL = ("XDG_", "UV_", "PYTHON", "VIRTUAL_ENV", "COVERAGE", "PYTEST", "MAKE", "MFLAGS")
OUT_OF_REACH = {"npm_config_registry": "http://127.0.0.1:9", "npm_config_fetch_retries": "0"}

STARTING = ["Starting PostgreSQL and Redis", "migrate ", "seed-demo ", "Ready: http://127.0.0.1:"]


@dataclass
class Newcomer:
    """An ordinary user with a clone of the repository."""

    folder: Path
    user: int | None
    group: int | None

    @property
    def clone(self) -> Path:
        return self.folder / "clone"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the home or the `make` of who runs the test, and no Node on the path."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PERSONAL)}
        return kept | {"HOME": str(self.folder / "home"), "PATH": str(self.folder / "programs")}

    def start(self, *words: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a command in the clone, in a process group of its own as a terminal does."""
        return subprocess.Popen(  # noqa: S603 - commands of this file's own
            words,
            executable=self.folder / "programs" / words[0],
            cwd=self.clone,
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
            user=self.user,
            group=self.group,
            extra_groups=None if self.user is None else [],
        )

    def run(self, *words: str) -> str:
        """Run a command that must succeed; return what it says."""
        process = self.start(*words)
        said, _ = process.communicate()
        assert process.returncode == 0, said
        return said

    @contextmanager
    def running(self, *words: str, **variables: str) -> Iterator[list[str]]:
        """Run a command until it says that it is ready, and for the block; end it as Ctrl-C does."""
        process = self.start(*words, **variables)
        assert process.stdout is not None
        said = list[str]()
        try:
            while not (said and said[-1].startswith("Ready:")):
                said.append(process.stdout.readline())
                assert said[-1], "".join(said)
            yield said
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.communicate()


@pytest.fixture(scope="module")
def newcomer() -> Iterator[Newcomer]:
    """An ordinary user with a new clone: who runs the test or, instead of root, the user that every machine has."""
    ordinary = None if os.geteuid() else pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(dir="/var/tmp", ignore_cleanup_errors=True) as name:
        newcomer = Newcomer(Path(name), ordinary and ordinary.pw_uid, ordinary and ordinary.pw_gid)
        newcomer.folder.chmod(0o755)
        link_programs(newcomer.folder / "programs")
        (newcomer.folder / "home").mkdir()
        subprocess.run(["git", "clone", "--quiet", CHECKOUT, newcomer.clone], check=True)  # noqa: S603, S607 - the machine's git
        for path in (newcomer.folder / "home", newcomer.clone, *newcomer.clone.rglob("*")):
            os.chown(path, newcomer.user or -1, newcomer.group or -1, follow_symlinks=False)
        yield newcomer


def link_programs(folder: Path) -> None:
    """Make a folder of the machine's programs without Node, and without what only this user reaches."""
    folder.mkdir()
    for program in (file for place in ("/usr/local/bin", "/usr/bin", "/bin") for file in Path(place).iterdir()):
        link = folder / program.name
        if program.name not in NODE and not link.exists() and not link.is_symlink():
            link.symlink_to(program)


def test_the_first_steps_of_the_readme_work_and_each_phase_is_told(newcomer: Newcomer) -> None:
    assert shutil.which("node", path=newcomer.environment["PATH"]) is None
    assert newcomer.run("make", "install").startswith("Installing the locked dependencies into .venv")
    port = free_port()

    with newcomer.running("make", "run", f"PORT={port}", **OUT_OF_REACH) as said:
        assert phases(said) == ["Installing Node", "Building the playground", "make run: starting without", *STARTING]
        page = open_playground(port)
        assert page.status_code == 503
        assert "make playground" in page.text
        log_in(port)

    with newcomer.running("make", "run", f"PORT={port}") as said:
        assert phases(said) == ["Building the playground", *STARTING]
        page = open_playground(port)
        assert page.status_code == 200
        assert "<noscript>" in page.text
        log_in(port)

    assert processes_of(newcomer.clone) == []
    with newcomer.running("make", "run", f"PORT={port}") as said:
        assert phases(said) == STARTING


def phases(said: list[str]) -> list[str]:
    """The phases that are told, each by the beginning of its first line."""
    told = ["Installing Node", "Building the playground", "make run: starting without", *STARTING]
    return list(dict.fromkeys(phase for line in said for phase in told if line.startswith(phase)))


def open_playground(port: int) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}/graphql", headers={"Accept": "text/html"})


def log_in(port: int) -> None:
    variables = {"email": "active@example.jp", "password": PASSWORD}
    body = {"query": LOG_IN, "variables": variables}
    answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json=body).json()
    assert answer["data"]["logIn"]["__typename"] == "LoggedIn"


def processes_of(folder: Path) -> list[str]:
    """The command lines of processes that run in the folder."""
    found = []
    for process in Path("/proc").iterdir() if sys.platform == "linux" else ():
        try:
            if process.name.isdigit() and (process / "cwd").readlink().is_relative_to(folder):
                found.append((process / "cmdline").read_text())
        except OSError:
            continue  # it has ended, or is another user's
    return found
