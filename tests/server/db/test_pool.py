from pydantic import SecretStr
from tests.conftest import new_database

from contract_server.db.connection import database
from contract_server.db.pool import PoolUse, pool_use
from contract_server.db.statements import fetch
from contract_server.db.transaction import transaction
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.settings import EnvironmentName, Settings


async def test_the_use_of_the_pool_is_known_once_it_is_connected(postgres: EmbeddedPostgres) -> None:
    settings = Settings(
        environment=EnvironmentName.DEVELOPMENT,
        database_url=SecretStr(await new_database(postgres)),
        database_pool_size=2,
    )
    async with database(settings):
        assert pool_use() is None
        await fetch("SELECT 1")
        assert pool_use() == PoolUse(in_use=0, idle=1, limit=2)
        async with transaction():
            await fetch("SELECT 1")
        assert pool_use() == PoolUse(in_use=0, idle=1, limit=2)
