"""The example of a gateway survives any number of lives of contracts, which the seed of the run chooses."""

from pathlib import Path

from tests.conftest import migrated_database
from tests.faults.conftest import Faults
from tests.server.integration.lives import survive

from contract_server.development.servers.postgres import EmbeddedPostgres


async def test_a_gateway_survives_any_number_of_lives(
    postgres: EmbeddedPostgres, tmp_path: Path, faults: Faults
) -> None:
    contracts = faults.figure(short=2_000, long=100_000)
    assert await survive(await migrated_database(postgres), tmp_path, contracts, faults.seed) > contracts
