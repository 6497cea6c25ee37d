"""Move the clock that API and worker share, so that forty-six days pass in a second."""

import asyncio
from datetime import datetime, timedelta

from contract_server.contracts.due import next_due_at, next_notice_at
from contract_server.development.demo.seed import reset
from contract_server.development.test_clock import MovableClock
from contract_server.services import Services


class TimeTravel:
    """Moves the test clock and does the work that falls due on the way; concurrent moves run one after another."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._clock = MovableClock()
        self._moving = asyncio.Lock()

    async def moved_by(self) -> timedelta:
        """How far the clock is ahead of real time."""
        return await self._clock.moved_by()

    async def advance(self, to: datetime) -> None:
        """Move the clock to `to`; do all work that falls due on the way, each at its own instant and in order."""
        async with self._moving:
            while due_at := await self._next_due_at(await self._services.clock.now()):
                if due_at > to:
                    break
                await self._arrive(due_at)
            await self._arrive(to)

    async def reset(self) -> None:
        """Return to real time and to the demonstration data, after a move in progress has finished."""
        async with self._moving:
            await reset(self._services)

    async def _arrive(self, instant: datetime) -> None:
        await self._clock.move_to(instant)
        while not (await self._services.due_actions.run(wait_for_locks=True)).complete:
            pass
        if await self._services.reminders.enqueue_due():
            await self._services.mail_relay.drain()  # before the clock moves on and they are too late

    async def _next_due_at(self, after: datetime) -> datetime | None:
        instants = [
            await next_due_at(after),
            await next_notice_at(after),
            await self._services.reminders.next_due_at(after),
        ]
        return min((instant for instant in instants if instant is not None), default=None)
