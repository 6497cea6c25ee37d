"""The drill: a backup from before an erasure is restored, the ledger is replayed, and nothing erased has come back.

As operators do it: `pg_dump` by night, the database lost a week later, `pg_restore` into a new one, and
`contract-server erasures replay` before anybody is served from it.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import ANY

import asyncpg
import pytest
from tests.conftest import new_database, seeded_database
from tests.faults.canary import Canary, Haystack
from tests.faults.conftest import Faults
from tests.faults.dumps import back_up, dump, restore
from tests.faults.kept import kept_worker
from tests.faults.looking import looking_into
from tests.faults.planting import canaries, plant
from tests.faults.time_passing import pass_time
from tests.faults.waiting import until
from tests.server.running import ACTIVE_CONTRACT, ASK_FOR_LINK, CLOSED_CONTRACT, Running, command, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

TERMINATE = """
mutation ($id: ID!) { terminateContract(input: { contractId: $id, idempotencyKey: "key" }) { __typename } }
"""

A_MONTH = timedelta(days=27)
"""After it the one contract's erasure has fallen due, and the other's has not."""


@pytest.fixture
async def service(postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path) -> AsyncIterator[Running]:
    """The product, with a ledger outside of the database."""
    (ledger := tmp_path / "ledger").mkdir()
    url = await seeded_database(postgres)
    async with running(url, redis.url, tmp_path, worker=False, LEDGER_DIR=str(ledger)) as found:
        yield found


async def test_what_was_erased_after_the_backup_is_erased_again_before_the_restored_database_serves(
    service: Running, postgres: EmbeddedPostgres, faults: Faults, tmp_path: Path
) -> None:
    dice, backup = faults.dice("restore drill"), tmp_path / "backup"
    gone, control = canaries(dice), canaries(dice)
    async with looking_into(service.database_url) as connection:
        for email, contract_id, flock in (
            ("closed@example.jp", CLOSED_CONTRACT, gone),
            ("active@example.jp", ACTIVE_CONTRACT, control),
        ):
            await leave_traces(service, email, contract_id)
            await plant(connection, contract_id, flock)
        await back_up(service.database_url, backup)
        await pass_time(connection, A_MONTH)
        async with kept_worker(service.variables, service.folder):
            await until(lambda: is_erased(connection))

    restored = {**service.variables, "DATABASE_URL": await new_database(postgres)}
    await restore(backup, restored["DATABASE_URL"])
    async with looking_into(restored["DATABASE_URL"]) as connection:
        await pass_time(connection, A_MONTH)
    assert await those_that_show(restored, gone) == gone.keys()  # that is what the ledger is for

    assert await command(restored, "erasures", "replay", "--yes") == (0, ANY, ANY)
    assert await those_that_show(restored, gone) == set()
    assert await those_that_show(restored, control) == control.keys()
    assert await command(restored, "sweep") == (0, ANY, ANY)
    assert await command(restored, "doctor") == (0, ANY, ANY)


async def leave_traces(service: Running, email: str, contract_id: str) -> None:
    """A mail, a session, a link and an answer that is kept."""
    async with service.client() as client:
        await client.log_in(email)
        await client.ask(ASK_FOR_LINK, email=email)
        await client.ask(TERMINATE, id=contract_id)


async def is_erased(connection: asyncpg.Connection) -> bool:
    status: str = await connection.fetchval("SELECT status FROM contract WHERE id = $1", CLOSED_CONTRACT)
    return status == "ERASED"


async def those_that_show(restored: dict[str, str], flock: dict[tuple[str, str], Canary]) -> set[tuple[str, str]]:
    haystack = Haystack({"dump": await dump(restored["DATABASE_URL"])})
    return {place for place, canary in flock.items() if haystack.shows(canary)}
