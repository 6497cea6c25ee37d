"""The example of a gateway survives thousands of lives of contracts."""

from pathlib import Path

from tests.conftest import migrated_database
from tests.server.integration.lives import survive

from contract_server.development.servers.postgres import EmbeddedPostgres

CONTRACTS = 2_000


async def test_a_gateway_survives_thousands_of_lives(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    assert await survive(await migrated_database(postgres), tmp_path, CONTRACTS, seed=2) > CONTRACTS
