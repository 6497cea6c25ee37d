"""Moving the one clock that API and worker share, so that forty-six days pass in a second."""

import asyncio
from datetime import datetime

from contract_server.clock import TestClock
from contract_server.contracts.due import next_due_at
from contract_server.development.demo.seed import reset
from contract_server.services import Services


class TimeTravel:
    """Moves the test clock; two who move it at the same time do so one after the other."""

    def __init__(self, services: Services, clock: TestClock) -> None:
        self._services = services
        self._clock = clock
        self._alone = asyncio.Lock()

    async def advance(self, to: datetime) -> None:
        """Move the clock to that instant, doing whatever falls due on the way at its own instant and in order."""
        async with self._alone:
            while due_at := await self._next_due_at(await self._clock.now()):
                if due_at > to:
                    break
                await self._arrive(due_at)
            await self._arrive(to)

    async def reset(self) -> None:
        """Back to real time and to the demonstration data, once whoever is moving the clock has arrived."""
        async with self._alone:
            await reset(self._services)

    async def _arrive(self, instant: datetime) -> None:
        await self._clock.move_to(instant)
        while not (await self._services.due_actions.run_due(patient=True)).complete:
            pass
        if await self._services.reminders.owe_due():
            await self._services.mail_relay.drain()  # before the clock moves on and they come too late

    async def _next_due_at(self, after: datetime) -> datetime | None:
        moments = [
            await next_due_at(after),
            await self._services.reminders.next_due_at(after),
        ]
        return min((moment for moment in moments if moment is not None), default=None)
