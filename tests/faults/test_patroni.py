"""Patroni changes the primary under load: no acknowledged change is lost, and changes succeed again."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tests.faults.customers import new_customer
from tests.faults.load import CLIENTS, Load
from tests.faults.patroni import NODES, Cluster, clustered
from tests.server.in_process import development_settings, seeded_services, served

pytestmark = pytest.mark.patroni

ROUNDS = 3
LIMIT_S = 30
"""Until changes succeed again, from the moment at which Patroni has chosen another primary."""


@pytest.fixture(scope="module")
async def cluster() -> AsyncIterator[Cluster]:
    async with clustered() as started:
        yield started


@pytest.mark.parametrize("hosts", [NODES, ("proxy",)], ids=["all hosts in the URL", "HAProxy"])
async def test_no_change_of_the_primary_loses_an_acknowledged_change_and_changes_succeed_again(
    cluster: Cluster, hosts: tuple[str, ...], tmp_path: Path
) -> None:
    url = cluster.url(*hosts)
    await create_database_anew(url)
    settings = development_settings(url, tmp_path).model_copy(update={"changes_per_contract_and_day": 1_000_000})
    async with seeded_services(settings) as services:
        customers = [await new_customer(services) for _ in range(CLIENTS)]
    async with served(settings) as http:
        load = Load(http, customers)
        async with load.running():
            for _ in range(ROUNDS):
                for change_primary in (cluster.switch_over, cluster.lose_primary):
                    await change_primary()
                    await load.goes_on(LIMIT_S)
                    await cluster.repair()
        assert min(load.acknowledged.values()) > 0
        assert await load.lost_nothing()


async def create_database_anew(url: str) -> None:
    connection = await asyncpg.connect(url.replace("/contracts?", "/postgres?"))
    try:
        await connection.execute("DROP DATABASE IF EXISTS contracts WITH (FORCE)")
        await connection.execute("CREATE DATABASE contracts")
    finally:
        await connection.close()
