"""A change over the API reaches an endpoint through the worker, with the rights that a worker has."""

import asyncio

from tests.server.in_process import development_settings
from tests.server.integration.receiver import Receiver, receiving
from tests.server.running import ACTIVE_CONTRACT, RESUME, TERMINATE, Client, Running

from contract_server.db.connection import database
from contract_server.integration.outgoing_http import OutgoingHttp
from contract_server.integration.webhooks import add_endpoint, list_endpoints, remove_endpoint


async def received(receiver: Receiver, last: str) -> list[str]:
    """Wait for a message of that type about the contract; the types so far."""
    async with asyncio.timeout(60):
        while last not in (types := _types(receiver)):
            await receiver.arrived.wait()
            receiver.arrived.clear()
    return [kind for kind in types if kind != "STARTED"]


def _types(receiver: Receiver) -> list[str]:
    contents = [request.content for request in receiver.received]
    return [content["type"] for content in contents if content["contractId"] == ACTIVE_CONTRACT]


async def test_a_change_is_sent_by_the_worker(service: Running, client: Client) -> None:
    async with database(development_settings(service.database_url, service.folder)), receiving() as receiver:
        await add_endpoint(OutgoingHttp(development=True), "billing", receiver.url)
        try:
            await client.log_in("active@example.jp")
            for mutation in (TERMINATE, RESUME):
                await client.ask(mutation, id=ACTIVE_CONTRACT)
            assert await received(receiver, "RESUMED") == ["TERMINATION_REQUESTED", "RESUMED"]
            (endpoint,) = await list_endpoints()
            assert endpoint.failed == 0
        finally:
            await remove_endpoint("billing")
