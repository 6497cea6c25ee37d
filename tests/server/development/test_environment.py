import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis
from tests.server.running import command

import contract_server
from contract_server.development.demo.people import CONTRACTS, OPERATOR_EMAIL, PASSWORD
from contract_server.development.environment import remove_development
from contract_server.development.servers.ports import LOOPBACK

StartEnvironment = Callable[..., Any]


ROOT = Path(__file__).parents[3]


async def test_environment_publishes_where_its_services_are_and_keeps_their_data_for_the_next_run(
    start_environment: StartEnvironment,
) -> None:
    first = start_environment()
    output = first.read_until("Ctrl-C")
    assert f"Ready: http://127.0.0.1:{first.port}/graphql" in output
    assert stat.S_IMODE((first.directory / "dev.env").stat().st_mode) == 0o600
    variables = first.variables()
    assert variables["BASE_URL"] == f"http://127.0.0.1:{first.port}"
    assert Path(variables["MAIL_DIR"]) == first.directory / "mail"
    assert Path(variables["LEDGER_DIR"]) == first.directory / "ledger"
    await _execute(variables["DATABASE_URL"], "CREATE TABLE stored (name text)")
    async with Redis.from_url(variables["REDIS_URL"]) as redis:
        await redis.set("stored", "yes")

    first.send(signal.SIGTERM)
    status, _, errors = first.finish()
    assert (status, errors) == (0, "")
    assert not (first.directory / "dev.env").exists()

    second = start_environment()
    second.read_until("Ctrl-C")
    variables = second.variables()
    await _execute(variables["DATABASE_URL"], "SELECT name FROM stored")
    async with Redis.from_url(variables["REDIS_URL"]) as redis:
        assert await redis.get("stored") == b"yes"


async def test_the_published_variables_are_all_that_a_command_needs(start_environment: StartEnvironment) -> None:
    environment = start_environment()
    environment.read_until("Ctrl-C")
    variables = environment.variables()
    for name in ("migrate", "seed-demo", "sweep", "doctor"):
        assert (await command(variables, name))[0] == 0, name
    assert variables["PUBLIC_URL"] == variables["BASE_URL"]


def test_each_phase_is_announced_before_it_begins(start_environment: StartEnvironment) -> None:
    output = start_environment().read_until("Ctrl-C")
    phases = ("Starting PostgreSQL and Redis", "migrate    brings", "seed-demo  stores", "API ", "Ready:")
    announced = [output.index(phase) for phase in phases]
    assert announced == sorted(announced)


def test_the_banner_shows_what_the_database_says_of_the_accounts(start_environment: StartEnvironment) -> None:
    output = start_environment().read_until("Ctrl-C")
    assert re.search(r"^  accounts   seed-demo  has process \d+$", output, re.MULTILINE)


async def test_make_restores_the_demonstration_and_the_clock(start_environment: StartEnvironment) -> None:
    environment = start_environment()
    environment.read_until("Ctrl-C")
    variables = environment.variables()
    for name in ("migrate", "seed-demo"):
        await command(variables, name)
    await _execute(variables["DATABASE_URL"], "INSERT INTO test_clock (id, moved_by) VALUES (1, 20 * 86400000000)")
    _, output, _ = await command(variables, "seed-demo")
    assert re.search(r"lastday@example.jp   terminated on \S+, too late to resume", output)
    assert "The clock is 20 days ahead of real time: make reset-demo returns to it." in output
    restored = run_make("reset-demo", f"DEV_ENV={environment.directory / 'dev.env'}").stdout
    assert re.search(r"lastday@example.jp   terminated on \S+, may resume until the end of \S+", restored)
    for email in (*(contract.email for contract in CONTRACTS), OPERATOR_EMAIL):
        assert email in restored
    assert "The clock" not in restored


def test_make_runs_a_command_on_the_environment_and_keeps_quoted_words_whole(
    start_environment: StartEnvironment,
) -> None:
    environment = start_environment()
    environment.read_until("Ctrl-C")
    file = environment.directory / "dev.env"
    ended = run_make("cli", f"DEV_ENV={file}", "ARGS=settings --json")
    settings = {setting["name"]: setting for setting in json.loads(ended.stdout)}
    for name, value in environment.variables().items():
        if name not in {"BASE_URL", "DATABASE_URL", "REDIS_URL"}:  # no setting; with a password, which is hidden
            assert settings[name]["value"] == value
    assert "No such command 'no such'" in run_make("cli", f"DEV_ENV={file}", 'ARGS="no such"').stderr


def test_make_says_what_to_start_where_nothing_runs(tmp_path: Path) -> None:
    ended = run_make("cli", f"DEV_ENV={tmp_path / 'dev.env'}", "ARGS=doctor")
    assert ended.returncode != 0
    assert ended.stderr.splitlines()[0] == "make cli: start 'make run' first, and leave it running"


def run_make(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own targets
        ["make", "--no-print-directory", *words],  # noqa: S607 - the machine's make
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_environment_says_in_one_line_each_what_runs_where(start_environment: StartEnvironment) -> None:
    lines = start_environment().read_until("Ctrl-C").splitlines()
    for name in ("PostgreSQL", "Redis", "API", "worker"):
        assert len([line for line in lines if line.split()[:1] == [name] and " | " not in line]) == 1


def test_ready_environment_tells_the_password(start_environment: StartEnvironment) -> None:
    assert PASSWORD in start_environment().read_until("Ctrl-C")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_stop_signal_ends_everything_even_when_the_whole_process_group_gets_it(
    start_environment: StartEnvironment, number: signal.Signals
) -> None:
    environment = start_environment()
    environment.read_until("Ctrl-C")
    environment.send_group(number)
    status, _, errors = environment.finish()
    assert (status, errors) == (0, "")
    assert environment.has_ended_completely()


def test_stop_signal_while_the_databases_start_ends_everything(start_environment: StartEnvironment) -> None:
    environment = start_environment()
    environment.read_until("Redis")
    environment.send(signal.SIGINT)
    status, _, errors = environment.finish()
    assert (status, errors) == (0, "")
    assert environment.has_ended_completely()


def test_second_ctrl_c_hurries_up_a_stop_that_a_child_holds_up(start_environment: StartEnvironment) -> None:
    environment = start_environment(STUBBORN="worker")
    environment.read_until("Ctrl-C")
    environment.send_group(signal.SIGINT)
    environment.read_until("stopping")
    environment.send_group(signal.SIGINT)
    status, _, errors = environment.finish()
    assert (status, errors) == (0, "")
    assert environment.has_ended_completely()


def test_nothing_survives_a_supervisor_that_is_killed(start_environment: StartEnvironment) -> None:
    environment = start_environment()
    environment.read_until("Ctrl-C")
    environment.send(signal.SIGKILL)
    assert environment.has_ended_completely()


@pytest.mark.parametrize(("name", "command"), [("worker", "worker"), ("API", "serve")])
def test_program_that_dies_is_started_again(start_environment: StartEnvironment, name: str, command: str) -> None:
    environment = start_environment()
    environment.read_until("Ctrl-C")
    os.kill(environment.process_of(command), signal.SIGKILL)
    assert f"{name} ended (signal 9, Killed); starting it again" in environment.read_until("starting it")
    environment.read_until(f"| {command} ")


async def test_database_that_dies_comes_back_at_the_same_place(start_environment: StartEnvironment) -> None:
    environment = start_environment()
    environment.read_until("Ctrl-C")
    url = environment.variables()["DATABASE_URL"]
    with pytest.raises((asyncpg.PostgresError, ConnectionError)):
        await _execute(url, "COPY (SELECT 1) TO PROGRAM 'kill -QUIT $(head -n 1 postmaster.pid); sleep 9'")
    environment.read_until(", again")
    await _execute(url, "SELECT 1")


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("migrate", "migrate failed (exit status 3)"),
        ("serve", "API ended (exit status 3) before it was ready"),
    ],
)
def test_program_that_cannot_do_its_work_ends_the_start_with_one_line(
    start_environment: StartEnvironment, command: str, error: str
) -> None:
    environment = start_environment(BROKEN=command)
    assert environment.finish()[::2] == (1, f"contract-server: {error}\n")
    assert environment.has_ended_completely()


def test_second_environment_in_the_same_folder_is_refused_with_one_line(
    start_environment: StartEnvironment,
) -> None:
    first = start_environment()
    first.read_until("Ctrl-C")
    status, _, errors = start_environment().finish()
    where = f"{first.directory}: http://127.0.0.1:{first.port}"
    assert (status, errors) == (1, f"contract-server: an environment runs already in {where}\n")
    assert remove_development(first.directory) == 1


def test_port_in_use_is_one_line(start_environment: StartEnvironment) -> None:
    with socket.create_server((LOOPBACK, 0)) as other_server:
        port = other_server.getsockname()[1]
        status, _, errors = start_environment(port=port).finish()
    assert status == 1
    assert errors == (
        f"contract-server: port {port} on 127.0.0.1 is in use: stop what listens there, or choose another port\n"
    )


def test_missing_wheels_are_one_line_that_names_what_to_install(tmp_path: Path) -> None:
    source = Path(contract_server.__path__[0]).parent
    program = (
        "import sys; sys.path.append(sys.argv[1])\n"
        "from contract_server.development.environment import run_development\n"
        "sys.exit(run_development('127.0.0.1', int(sys.argv[2])))"
    )
    bare = subprocess.run(  # noqa: S603 - this Python and a program of ours
        [sys.executable, "-I", "-S", "-c", program, str(source), "0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert bare.returncode == 1
    assert "pip install 'contract-server[embedded]'" in bare.stderr
    assert bare.stderr.count("\n") == 1


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
