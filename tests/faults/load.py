"""Clients that change contracts without a rest, while a test breaks what they depend on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from uuid import uuid4

import httpx
from tests.faults.customers import Customer, Effects, change

from contract_rules import Action

CLIENTS = 40
PAUSE_S = 0.05


class Load:
    """Clients that change their contracts again and again, each asking with the same key until it is answered."""

    def __init__(self, http: httpx.AsyncClient, customers: list[Customer]) -> None:
        self._http = http
        self._customers = customers
        self._ending = False
        self.acknowledged = dict.fromkeys(range(len(customers)), 0)
        self.progress = asyncio.Event()
        self.refused = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the clients for the block; each finishes the change that it has begun."""
        async with asyncio.TaskGroup() as group:
            for number in self.acknowledged:
                group.create_task(self._change_again_and_again(number))
            yield
            self._ending = True

    async def _change_again_and_again(self, number: int) -> None:
        for action in cycle((Action.TERMINATE, Action.RESUME)):
            if self._ending:
                return
            await self._change(self._customers[number], action)
            self.acknowledged[number] += 1
            self.progress.set()
            await asyncio.sleep(PAUSE_S)

    async def _change(self, customer: Customer, action: Action) -> None:
        key = str(uuid4())
        while True:
            response = await change(self._http, customer, action, key)
            if response.status_code == 200:
                assert "contract" in response.json()["data"]["change"], response.text
                return
            assert (response.status_code, "Retry-After" in response.headers) == (503, True), response.text
            self.refused.set()
            await asyncio.sleep(PAUSE_S)

    async def goes_on(self, within_s: float) -> None:
        """Wait for the next acknowledged change."""
        self.progress.clear()
        async with asyncio.timeout(within_s):
            await self.progress.wait()

    async def lost_nothing(self) -> bool:
        """Whether the database has the effects of all acknowledged changes, and no others."""
        changes = zip(self._customers, self.acknowledged.values(), strict=True)
        return all([await Effects.of(customer) == Effects.after(number) for customer, number in changes])
