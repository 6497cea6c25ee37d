"""The database's connection breaks at any request of a termination: the client, who saw an error, asks again.

A retry with the same key gives the answer, whether or not the first try had been committed; there is one application,
one event and one mail, whatever was lost.
"""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest
from tests.conftest import seeded_database
from tests.faults.proxy import Ending, Moment, Proxy, proxied
from tests.server.running import ACTIVE_CONTRACT, RESET, Client, running, until_ready

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

TERMINATE = """
mutation ($id: ID!, $key: String!) {
  terminateContract(input: { contractId: $id, idempotencyKey: $key }) {
    __typename
    ... on ContractTerminated { contract { version status termination { id } } }
    ... on Problem { code message }
  }
}
"""
EFFECTS = """
SELECT (SELECT count(*) FROM termination_application WHERE contract_id = $1),
       (SELECT count(*) FROM contract_event WHERE contract_id = $1 AND type = 'TERMINATION_REQUESTED'),
       (SELECT count(*) FROM outbox_mail WHERE contract_id = $1),
       (SELECT version FROM contract WHERE id = $1)
"""


@dataclass
class Stage:
    """A server that reaches its database through the proxy, a client, and a view of the database itself."""

    client: Client
    proxy: Proxy
    connection: asyncpg.Connection

    async def on_a_new_connection(self) -> None:
        """Let the server open a connection, on which a termination then has its statements to prepare."""
        self.proxy.strike(Ending.CLOSED)
        await until_ready(str(self.client.http.base_url))


@pytest.fixture(scope="module")
async def stage(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    url = await seeded_database(postgres)
    connection = await asyncpg.connect(url)
    folder = tmp_path_factory.mktemp("lost-replies")
    async with (
        proxied(url) as (proxy, proxied_url),
        running(proxied_url, redis.url, folder, worker=False) as service,
        service.client() as client,
    ):
        yield Stage(client, proxy, connection)
    await connection.close()


@pytest.mark.parametrize("moment", Moment, ids=["before the server sees it", "before we hear of it"])
async def test_a_retry_with_the_same_key_finds_one_effect_whatever_was_lost(stage: Stage, moment: Moment) -> None:
    unheard = 0
    for at in itertools.count(1):
        await stage.client.ask(RESET)
        await stage.client.log_in("active@example.jp")
        await stage.on_a_new_connection()
        stage.proxy.arm(at, moment)
        first = await stage.client.post(TERMINATE, id=ACTIVE_CONTRACT, key="once")
        broken = stage.proxy.broken
        stage.proxy.arm(None, moment)
        effects = await stage.connection.fetchrow(EFFECTS, ACTIVE_CONTRACT)
        unheard += first.status_code != 200 and effects[3] == 2
        answer = (await stage.client.ask(TERMINATE, id=ACTIVE_CONTRACT, key="once"))["terminateContract"]
        assert answer["__typename"] == "ContractTerminated", (at, answer)
        if first.status_code == 200:
            assert first.json()["data"]["terminateContract"] == answer, at
        assert tuple(await stage.connection.fetchrow(EFFECTS, ACTIVE_CONTRACT)) == (1, 1, 1, 2), at
        if not broken:
            break
    assert at > 3, "a termination asks for the contract, prepares the change, and executes it"
    assert unheard == (moment is Moment.UNANSWERED), "the reply to what commits is lost once"
