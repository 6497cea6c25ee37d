"""No process and no command starts if the terms of a policy version in use have changed."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path

import asyncpg
import pytest
import typer.main
from tests.locks import until_a_lock_is_awaited
from tests.operations.cli.conftest import variables_of
from tests.operations.cli.terminal import run
from tests.operations.cli.terms import TERMS, write_terms
from tests.server.in_process import served
from tests.server.running import ACTIVE_CONTRACT, LOG_IN, PASSWORD, TERMINATE

from contract_rules import shipped_policies
from contract_server.cli.command_line import COMMANDS, command_line
from contract_server.contracts.models import Contract, TerminationApplication
from contract_server.db.connection import database
from contract_server.db.transaction import transaction
from contract_server.policies.models import PolicyTerms
from contract_server.policies.policies import served_policies
from contract_server.settings import Settings, SettingsError

Variables = Mapping[str, str]

LONG_AGO, NEXT_CENTURY = "2001-01-01", "2100-01-01"


def changed(version: str = "1.0", *, before: int = 45, after: int = 60) -> tuple[int, str]:
    """The refusal of a command that finds changed terms."""
    return 3, (
        f"POLICY_DIR: omakase-login-{version}.toml: omakase-login {version} is in use, and its terms have changed"
        f" (erasure.count: {before} -> {after}); restore the file, and write new terms into a new file with a new"
        " version and a valid_from"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the policy of the manual."""
    return write_terms(tmp_path / "policies").parent


@pytest.fixture
async def settings(seeded: Settings, folder: Path) -> Settings:
    """Settings of a database with applications under 1.0, and of that folder. No process has used them yet."""
    await execute(seeded, "TRUNCATE policy_terms")
    return seeded.model_copy(update={"policy_dir": folder})


@pytest.fixture
def variables(settings: Settings, folder: Path) -> Variables:
    metrics = {"METRICS_PORT": "9000", "METRICS_HOST": "192.0.2.1"}  # of no machine, so that no process goes on
    return {**variables_of(settings), "POLICY_DIR": str(folder), **metrics}


async def recorded(settings: Settings) -> dict[str, str]:
    """The fingerprints on record, by version."""
    async with database(settings):
        return {terms.version: terms.fingerprint for terms in await PolicyTerms.all()}


async def start(variables: Variables) -> None:
    """Start a process that soon ends."""
    assert (await run(variables, "due")).status == 0


async def execute(settings: Settings, *statements: str) -> None:
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


# ---------------------------------------------------------------- what is refused

ID = ACTIVE_CONTRACT
ON_A_DATABASE_IN_USE = {
    "serve": (),
    "worker": (),
    "seed-demo": (),
    "import": ("contracts.jsonl", "--check"),
    "terminate": (ID, "--reason", "by telephone", "--yes"),
    "resume": (ID, "--reason", "by telephone", "--yes"),
    "due": (),
    "sweep": (),
    "doctor": (),
    "contracts list": (),
    "contracts find": ("active@example.jp",),
    "audit": (),
    "contracts show": (ID,),
    "hold": (ID, "--reason", "by telephone"),
    "release": (ID, "--reason", "by telephone"),
    "user list": (),
    "user show": ("operator@example.jp",),
    "user add": ("new@example.jp", "--name", "新人"),
    "user enrol": ("operator@example.jp",),
    "user disable": ("active@example.jp",),
    "user enable": ("active@example.jp",),
    "user rename": ("active@example.jp", "別名"),
    "user change-address": ("active@example.jp", "new@example.jp"),
    "user transfer": ("active@example.jp", "new@example.jp", "--name", "後任"),
    "user password": ("operator@example.jp",),
    "user unlock": ("operator@example.jp",),
    "services add": ("gateway", "--scope", "feed"),
    "services list": (),
    "services rotate": ("gateway",),
    "services revoke": ("gateway", "--yes"),
    "webhooks add": ("billing", "https://billing.example.jp/hook"),
    "webhooks list": (),
    "webhooks deliveries": ("billing",),
    "webhooks retry": ("billing",),
    "webhooks dismiss": ("billing",),
    "webhooks rotate": ("billing",),
    "webhooks remove": ("billing", "--yes"),
    "erasures plan": (),
    "erasures approve": ("--yes",),
    "erasures retry": (ID,),
    "erasures replay": (),
    "erasures evidence": (),
    "mails list": (),
    "mails retry": ("1",),
    "mails dismiss": ("1",),
}
"""Commands that need a database, with valid arguments."""
ON_ANY_DATABASE = {"migrate"}
ON_NONE = {"dev", "settings", "export-schema", "monitoring"}


def test_every_command_is_tried() -> None:
    commands, cli = set(), command_line(*COMMANDS)
    for name, command in typer.main.get_command(cli).commands.items():  # type: ignore[attr-defined]  # it is a group
        commands |= {f"{name} {inner}" for inner in getattr(command, "commands", ())} or {name}
    assert commands == ON_A_DATABASE_IN_USE.keys() | ON_ANY_DATABASE | ON_NONE


async def test_no_command_starts_with_other_terms_under_a_version_in_use(
    variables: Variables, folder: Path, tmp_path: Path
) -> None:
    await start(variables)
    write_terms(folder, erasure=60)
    (tmp_path / "contracts.jsonl").touch()
    for command, words in ON_A_DATABASE_IN_USE.items():
        there = [str(tmp_path / word) if word.endswith(".jsonl") else word for word in words]
        ended = await run(variables, *command.split(), *there, given="a new password\n")
        assert ended.refusal == changed(), command


async def test_the_restored_file_starts_again(variables: Variables, folder: Path) -> None:
    await start(variables)
    write_terms(folder, erasure=60)
    assert (await run(variables, "due")).refusal == changed()
    write_terms(folder)
    await start(variables)


async def test_a_file_that_is_taken_away_and_comes_back_with_other_terms_is_refused(
    variables: Variables, folder: Path
) -> None:
    await start(variables)
    write_terms(folder).unlink()
    write_terms(folder, "2")
    assert (await run(variables, "due")).status == 3  # there are applications under 1.0
    write_terms(folder, "2").unlink()
    write_terms(folder, erasure=60)
    assert (await run(variables, "due")).refusal == changed()


async def test_two_files_of_one_version_are_refused(variables: Variables, folder: Path) -> None:
    write_terms(folder, erasure=60).rename(folder / "edited.toml")
    write_terms(folder)
    both = "edited.toml and omakase-login-1.0.toml both say omakase-login 1.0: give each its own"
    assert (await run(variables, "due")).refusal == (3, f"POLICY_DIR: {folder}: version: {both}")


@pytest.mark.parametrize("version", ["1" * 51, r"1\u0000", r"1\n"])
def test_a_version_that_no_application_could_name_is_refused(folder: Path, version: str) -> None:
    write_terms(folder).write_text(TERMS.format(version=version, validity="", erasure=45), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"omakase-login-1\.0\.toml: .* a version of at most 50 characters$"):
        served_policies(folder)


# ---------------------------------------------------------------- what is accepted


async def test_comments_may_change_and_a_version_may_end(variables: Variables, folder: Path) -> None:
    await start(variables)
    file = write_terms(folder, validity=f"valid_until = {NEXT_CENTURY}")
    file.write_text(f"# 45 days: 利用終了編 1\n\n{file.read_text(encoding='utf-8')}\n", encoding="utf-8")
    write_terms(folder, "2", erasure=60, validity=f"valid_from = {NEXT_CENTURY}")
    await start(variables)


async def test_a_version_that_is_not_in_use_may_be_edited(
    variables: Variables, settings: Settings, folder: Path
) -> None:
    write_terms(folder, validity=f"valid_until = {NEXT_CENTURY}")
    write_terms(folder, "2", erasure=50, validity=f"valid_from = {NEXT_CENTURY}")
    await start(variables)
    assert (await recorded(settings)).keys() == {"1.0"}
    write_terms(folder, "2", erasure=60, validity=f"valid_from = {NEXT_CENTURY}")
    await start(variables)


async def test_a_version_is_in_use_from_the_first_start_on_a_day_on_which_it_is_in_force(
    variables: Variables, folder: Path
) -> None:
    write_terms(folder, validity=f"valid_until = {LONG_AGO}")
    write_terms(folder, "2", erasure=50, validity=f"valid_from = {LONG_AGO}")
    await start(variables)
    write_terms(folder, "2", erasure=60, validity=f"valid_from = {LONG_AGO}")
    assert (await run(variables, "due")).refusal == changed("2", before=50)


# ---------------------------------------------------------------- databases of all kinds


async def test_a_database_from_before_gets_the_terms_of_its_applications_at_the_first_start(
    variables: Variables, settings: Settings, folder: Path
) -> None:
    write_terms(folder, validity=f"valid_until = {LONG_AGO}")
    write_terms(folder, "2", validity=f"valid_from = {LONG_AGO}")
    await execute(
        settings,
        "DROP TABLE policy_terms",
        "DELETE FROM tortoise_migrations WHERE name = '0014_policy_terms'",
    )
    assert (await run(variables, "due")).refusal[0] == 4
    assert (await run(variables, "migrate")).output == "applied: 0014_policy_terms\n"
    assert await recorded(settings) == {}
    await start(variables)
    policies = served_policies(folder)
    assert await recorded(settings) == {
        version: policies.version(version).fingerprint for version in ("1.0", "2")
    }  # 1.0 because of its applications, 2 because it is in force


async def test_migrating_asks_for_no_terms(variables: Variables, folder: Path) -> None:
    await start(variables)
    write_terms(folder, erasure=60)
    assert (await run(variables, "migrate")).status == 0


async def test_a_database_that_takes_no_writes_is_compared_with_and_left_as_it_is(
    variables: Variables, settings: Settings, folder: Path
) -> None:
    name = settings.database_url.get_secret_value().rpartition("/")[2]
    read_only = f"ALTER DATABASE {name} SET default_transaction_read_only = on"
    await execute(settings, read_only)
    await start(variables)
    assert await recorded(settings) == {}
    await execute(settings, "SET default_transaction_read_only = off", f"ALTER DATABASE {name} RESET ALL")
    await start(variables)
    await execute(settings, read_only)
    await start(variables)
    write_terms(folder, erasure=60)
    assert (await run(variables, "due")).refusal == changed()


# ---------------------------------------------------------------- several at once


async def test_of_two_processes_with_different_terms_one_is_refused(variables: Variables, folder: Path) -> None:
    write_terms(other := folder.with_name("other"), erasure=60)
    both = await asyncio.gather(run(variables, "due"), run({**variables, "POLICY_DIR": str(other)}, "due"))
    (refused,) = [ended for ended in both if ended.status != 0]
    assert refused.refusal in (changed(), changed(before=60, after=45))


async def test_a_process_waits_while_another_records_its_terms_and_compares(settings: Settings, folder: Path) -> None:
    ours, edited = served_policies(folder), served_policies(write_terms(folder.with_name("other"), erasure=60).parent)
    async with database(settings):
        outside = copy_context()
        async with transaction() as connection:
            await ours.record(ours.version("1.0"))
            waiting = asyncio.create_task(edited.record(edited.version("1.0")), context=outside)
            await until_a_lock_is_awaited(connection.execute_query_dict)
        with pytest.raises(SettingsError, match=r"erasure\.count: 45 -> 60"):
            await waiting


async def test_many_processes_with_the_same_terms_all_start(settings: Settings, folder: Path) -> None:
    async with database(settings):
        together = [served_policies(folder) for _ in range(8)]
        await asyncio.gather(*(policies.record_all(list(policies.registry)) for policies in together))
    assert await recorded(settings) == {"1.0": shipped_policies().version("omakase-login", "1.0").fingerprint}


async def test_terms_recorded_in_a_transaction_that_is_rolled_back_are_not_taken_for_recorded(
    settings: Settings, folder: Path
) -> None:
    ours, edited = served_policies(folder), served_policies(write_terms(folder.with_name("other"), erasure=60).parent)
    async with database(settings):
        with suppress(ZeroDivisionError):
            async with transaction():
                await ours.record(ours.version("1.0"))
                raise ZeroDivisionError
        await edited.record(edited.version("1.0"))
        with pytest.raises(SettingsError, match=r"erasure\.count: 60 -> 45"):
            await ours.record(ours.version("1.0"))


async def test_a_running_process_promises_nothing_under_terms_that_differ_from_the_recorded_ones(
    settings: Settings, folder: Path
) -> None:
    """A version came into force, or was recorded, after this process had started."""
    edited = settings.model_copy(update={"policy_dir": write_terms(folder.with_name("other"), erasure=60).parent})
    ours = served_policies(folder)
    async with served(edited) as client:
        await ours.record_all(list(ours.registry))
        await client.post(
            "/graphql", json={"query": LOG_IN, "variables": {"email": "active@example.jp", "password": PASSWORD}}
        )
        answer = await client.post("/graphql", json={"query": TERMINATE, "variables": {"id": ACTIVE_CONTRACT}})
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["INTERNAL_SERVER_ERROR"]
        assert (await Contract.get(id=ACTIVE_CONTRACT)).status == "ACTIVE"
        assert not await TerminationApplication.filter(contract_id=ACTIVE_CONTRACT).exists()
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"ok": False, "reason": changed()[1]})


async def test_the_first_application_under_a_version_records_its_terms(settings: Settings) -> None:
    async with served(settings) as client:
        await client.post(
            "/graphql", json={"query": LOG_IN, "variables": {"email": "active@example.jp", "password": PASSWORD}}
        )
        answer = await client.post("/graphql", json={"query": TERMINATE, "variables": {"id": ACTIVE_CONTRACT}})
        assert answer.json() == {"data": {"terminateContract": {"__typename": "ContractTerminated"}}}
        assert [terms.version for terms in await PolicyTerms.all()] == ["1.0"]
