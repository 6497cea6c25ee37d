"""A right that the worker's role lacks for a while is charged to no contract: what is due is done when it is back."""

from datetime import timedelta
from pathlib import Path

import asyncpg
from tests.conftest import seeded_database
from tests.faults.soak_people import whose_erasure_is_due
from tests.faults.waiting import until
from tests.server.running import running

from contract_server.db.roles import DatabaseRole
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

FAILURES = "SELECT count(*) FROM due_failure WHERE contract_id = $1"
STATUS = "SELECT status FROM contract WHERE id = $1"
MEMBERS = "SELECT count(*) FROM member WHERE contract_id = $1"


async def test_a_right_that_was_revoked_costs_no_contract_an_attempt(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    async with running(await seeded_database(postgres), redis.url, tmp_path) as service:
        owner = await asyncpg.connect(service.database_url)
        await owner.execute(f"REVOKE DELETE ON member FROM {DatabaseRole.WORKER}")
        due = [await whose_erasure_is_due(owner, timedelta(seconds=-1)) for _ in range(3)]

        def alarms() -> list[str]:
            lines = service.log_lines()["worker"]
            return [line for line in lines if "channel paused" in line and "database_rights_erase" in line]

        await until(lambda: bool(alarms()))
        assert [await owner.fetchval(FAILURES, contract.contract_id) for contract in due] == [0, 0, 0]
        assert {await owner.fetchval(STATUS, contract.contract_id) for contract in due} == {"TERMINATED"}
        await owner.execute(f"GRANT DELETE ON member TO {DatabaseRole.WORKER}")

        async def all_are_erased() -> bool:
            return {await owner.fetchval(STATUS, contract.contract_id) for contract in due} == {"ERASED"}

        await until(all_are_erased)
        assert [await owner.fetchval(MEMBERS, contract.contract_id) for contract in due] == [0, 0, 0]
        assert len(alarms()) == 1
        await owner.close()
