import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.file_lock import FileLock
from contract_server.development.servers.ports import LOOPBACK, pick_free_port
from contract_server.development.servers.postgres import EmbeddedPostgres

SUPERVISOR = """
import sys
from pathlib import Path
from contract_server.development.servers.postgres import EmbeddedPostgres
EmbeddedPostgres(Path(sys.argv[1])).start()
print("started", flush=True)
sys.stdin.read()
"""
SURVIVOR = """
import signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("waiting", flush=True)
signal.pause()
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that only its owner can enter; its path contains a space."""
    return tmp_path_factory.mktemp("a folder") / "postgres"


@pytest.fixture(scope="module")
def durable_postgres(directory: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(directory)
    yield server
    server.remove()


@pytest.fixture
def postgres(durable_postgres: EmbeddedPostgres) -> EmbeddedPostgres:
    """A running server; the test before may have stopped it."""
    durable_postgres.start()
    return durable_postgres


async def test_server_speaks_utf8_and_sorts_alike_on_every_machine(postgres: EmbeddedPostgres) -> None:
    assert await _fetch(postgres.url, "SELECT '解約' || upper('ä')") == "解約Ä"
    assert await _fetch(postgres.url, "SHOW server_encoding") == "UTF8"
    assert await _fetch(postgres.url, "SELECT 'Z' < 'a' AND 'z' < 'ä'") is True


async def test_server_asks_for_the_password(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await _fetch(f"postgresql://postgres:guess@{LOOPBACK}:{postgres.port}/postgres", "SELECT 1")


def test_url_needs_no_quoting(postgres: EmbeddedPostgres) -> None:
    assert urlsplit(postgres.url).password
    assert not set(postgres.url) & set(" '\"$&%#;()\\")


async def test_server_listens_on_the_loopback_address_alone(postgres: EmbeddedPostgres) -> None:
    assert await _fetch(postgres.url, "SHOW listen_addresses") == LOOPBACK
    assert await _fetch(postgres.url, "SHOW unix_socket_directories") == ""


async def test_server_never_runs_as_root(postgres: EmbeddedPostgres) -> None:
    user = await _run_in_shell(postgres.url, "id -u")
    assert user != "0"
    assert user == str(os.geteuid()) or os.geteuid() == 0


async def test_writes_wait_for_the_disk(postgres: EmbeddedPostgres) -> None:
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert await _fetch(postgres.url, f"SHOW {setting}") == "on"


async def test_data_and_address_outlive_a_stop(postgres: EmbeddedPostgres) -> None:
    await _fetch(postgres.url, "CREATE TABLE stopped AS SELECT 42 AS answer")
    url = postgres.url
    postgres.stop()
    assert postgres.pid is None
    postgres.start()
    assert postgres.url == url
    assert await _fetch(postgres.url, "SELECT answer FROM stopped") == 42


async def test_committed_data_outlives_a_crash(postgres: EmbeddedPostgres) -> None:
    await _fetch(postgres.url, "CREATE TABLE crashed AS SELECT 42 AS answer")
    postgres.kill()
    postgres.start()
    assert await _fetch(postgres.url, "SELECT answer FROM crashed") == 42


async def test_end_that_came_from_outside_is_noticed_and_made_good(postgres: EmbeddedPostgres) -> None:
    os.kill(postgres.pid or 0, signal.SIGKILL)
    assert postgres.wait() == -signal.SIGKILL
    postgres.start()
    assert await _fetch(postgres.url, "SELECT 1") == 1


async def test_note_of_a_server_that_a_power_cut_ended_is_no_obstacle(postgres: EmbeddedPostgres) -> None:
    cluster = Path(await _fetch(postgres.url, "SHOW data_directory"))
    postgres.kill()
    note = f"{os.getpid()}\n{cluster}\n1700000000\n{pick_free_port()}\n\n{LOOPBACK}\n  1   1\nready\n"
    (cluster / "postmaster.pid").write_text(note)
    postgres.start()
    assert await _fetch(postgres.url, "SELECT 1") == 1


def test_second_server_on_the_same_folder_is_refused(postgres: EmbeddedPostgres, directory: Path) -> None:
    assert postgres.pid
    with pytest.raises(DevelopmentError, match="in use by another process"):
        EmbeddedPostgres(directory).start()


def test_server_left_behind_by_a_killed_supervisor_is_stopped_first(
    postgres: EmbeddedPostgres, directory: Path
) -> None:
    postgres.stop()
    life = FileLock(directory / "life.lock")
    life.acquire()
    with subprocess.Popen(  # noqa: S603 - this Python and a program of ours
        [sys.executable, "-c", SURVIVOR], pass_fds=(life.fileno(),), stdout=subprocess.PIPE
    ) as survivor:
        life.write_note(str(survivor.pid))
        life.release()
        assert survivor.stdout
        assert survivor.stdout.readline() == b"waiting\n"
        postgres.start()
        assert survivor.wait() == -postgres.stop_signal
    assert postgres.pid


def test_server_ends_with_a_supervisor_that_is_killed(postgres: EmbeddedPostgres, directory: Path) -> None:
    postgres.stop()
    with subprocess.Popen(  # noqa: S603 - this Python and a program of ours
        [sys.executable, "-c", SUPERVISOR, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as supervisor:
        assert supervisor.stdout
        assert supervisor.stdout.readline() == b"started\n"
        supervisor.kill()
    life = FileLock(directory / "life.lock")
    assert life.acquire(timeout=15)
    life.release()


async def test_errors_leave_nothing_personal_in_the_log(postgres: EmbeddedPostgres, directory: Path) -> None:
    await _fetch(postgres.url, "CREATE TABLE people (address text PRIMARY KEY, joined date)")
    await _fetch(postgres.url, "INSERT INTO people VALUES ('hanako@example.jp')")
    for statement in (
        "INSERT INTO people VALUES ('hanako@example.jp')",
        "INSERT INTO people (joined) VALUES ('hanako@example.jp')",
        "SELECT 'hanako@example.jp' FROM nowhere",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await _fetch(postgres.url, statement)
    with pytest.raises(asyncpg.DataError):
        await _fetch(postgres.url, "SELECT $1::text::date", "hanako@example.jp")
    log = (directory / "postgresql.log").read_text()
    assert "ready to accept connections" in log
    assert "hanako" not in log


def test_port_that_is_taken_is_one_line_that_says_so(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as other_server:
        server = EmbeddedPostgres(tmp_path, port=other_server.getsockname()[1], durable=False)
        with pytest.raises(DevelopmentError, match=r"^PostgreSQL ended as it started: .*$"), server:
            pass
    server.remove()


async def test_server_for_tests_overcomes_half_made_data_and_leaves_nothing_behind(tmp_path: Path) -> None:
    directory = tmp_path / "postgres"
    (directory / "data.unfinished/cluster").mkdir(parents=True)
    with EmbeddedPostgres(directory, durable=False) as server:
        assert await _fetch(server.url, "SHOW fsync") == "off"
        data = Path(await _fetch(server.url, "SHOW data_directory"))
        process = server.pid or 0
    assert not directory.exists()
    assert not data.parent.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def _fetch(url: str, statement: str, *arguments: object) -> Any:  # noqa: ANN401 - depends on the statement
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement, *arguments)
    finally:
        await connection.close()


async def _run_in_shell(url: str, command: str) -> str:
    """Run a shell command in the server, and return its output."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE TEMP TABLE output (line text); COPY output FROM PROGRAM '{command}'")
        return str(await connection.fetchval("SELECT line FROM output"))
    finally:
        await connection.close()
