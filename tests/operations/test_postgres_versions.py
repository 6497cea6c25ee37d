"""The whole life of a contract, and every check, on each supported version of PostgreSQL."""

from pathlib import Path

import pytest
from tests.faults.waiting import until
from tests.operations.postgres_versions import postgres_of
from tests.server.running import ACTIVE_CONTRACT, RESUME, TERMINATE, Client, command, running

from contract_server.cli.exit_status import Status
from contract_server.development.servers.redis import EmbeddedRedis

STATUS = "query ($id: ID!) { contract(id: $id) { status } }"
OPERATOR = "operator@example.jp"


@pytest.mark.parametrize("major", [pytest.param(15, marks=pytest.mark.postgres15), 16, 17])
async def test_a_contract_is_terminated_resumed_and_erased(major: int, redis: EmbeddedRedis, tmp_path: Path) -> None:
    with postgres_of(major) as postgres:
        variables = {"ENVIRONMENT": "development", "DATABASE_URL": postgres.url, "MAIL_DIR": str(tmp_path / "mail")}
        for step in ("migrate", "seed-demo"):
            status, _, errors = await command(variables, step)
            assert status == Status.DONE, errors
        async with running(postgres.url, redis.url, tmp_path, roles=False) as service, service.client() as client:
            await client.log_in("active@example.jp")
            for change in (TERMINATE, RESUME, TERMINATE):
                await client.ask(change, id=ACTIVE_CONTRACT)
            assert len(await service.mails(3)) == 3
            await client.advance(days=46)
            await client.log_in(OPERATOR)
            await until(lambda: is_erased(client))
            for check in (("doctor",), ("migrate", "--check"), ("erasures", "evidence", "--verify")):
                status, output, errors = await command(service.variables, *check)
                assert status == Status.DONE, (check, output, errors)


async def is_erased(client: Client) -> bool:
    contract = (await client.ask(STATUS, id=ACTIVE_CONTRACT))["contract"]
    return bool(contract["status"] == "ERASED")
