"""Ninety connections that log in over and over with one valid account, and another person who logs in once."""

import asyncio
from collections import Counter
from datetime import timedelta

from tests.server.accounts.counting import HERE, PASSWORD

from contract_server.accounts.login import Busy
from contract_server.clock import DatabaseClock
from contract_server.services import Services


async def test_a_flood_with_one_account_keeps_no_other_account_of_its_network_out(services: Services) -> None:
    refusals: list[Busy] = []

    async def log_in(email: str) -> str:
        try:
            await services.log_ins.log_in(email, PASSWORD, client_address=HERE)
        except Busy as refusal:
            refusals.append(refusal)
            return "busy"
        return "in"

    async def flood() -> None:
        while not over.is_set():
            flooded[await log_in("grace@example.jp")] += 1
            await asyncio.sleep(0)  # as long as a network takes at least

    over, flooded = asyncio.Event(), Counter[str]()
    flooders = [asyncio.create_task(flood()) for _ in range(90)]
    try:
        while not flooded["in"]:
            await asyncio.wait(flooders, timeout=0.01)
        answers = [await log_in("lastday@example.jp") for _ in range(5)]
    finally:
        over.set()
        await asyncio.gather(*flooders)
    assert answers == ["in"] * 5
    assert flooded["busy"] > flooded["in"] > 0
    now = await DatabaseClock().now()
    assert all(refusal.retry_at <= now + timedelta(seconds=5) for refusal in refusals)
