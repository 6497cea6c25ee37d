"""The example of a gateway answers rightly around every deadline, while its server is down."""

import asyncio
import sys
from pathlib import Path

from tests.conftest import migrated_database
from tests.server.integration.lives import DAYS, GATEWAY_FILE, survive
from tests.server.integration.service_tokens import open_service
from tests.server.running import ACTIVE_CONTRACT, CLOSED_CONTRACT, Client, Running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.integration.models import Scope

CONTRACTS = 25


async def test_a_gateway_survives_random_lives(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    compared = await survive(await migrated_database(postgres), tmp_path, CONTRACTS, seed=1)
    assert compared > DAYS * CONTRACTS * 3


async def test_it_runs_as_a_program(service: Running, client: Client) -> None:
    token = await open_service(service, Scope.FEED, Scope.FACTS)
    for contract, answer in {ACTIVE_CONTRACT: "open", CLOSED_CONTRACT: "closed", "unknown": "closed"}.items():
        arguments = (str(GATEWAY_FILE), str(client.http.base_url).rstrip("/"), contract)
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env={"GATEWAY_TOKEN": token}, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        assert output.decode().strip() == answer
