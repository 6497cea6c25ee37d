"""Delivery over several connections, for mails that are under way at the same time."""

import asyncio
from collections.abc import Iterable
from email.message import EmailMessage

from contract_notify.delivery.protocol import Delivery


class DeliveryPool:
    """Hands each mail to a delivery that has none in hand; where all have one, it waits.

    The delivery that was used last is used first: on a quiet day one connection is kept, and no more.

    Raises `ValueError` where there is none.
    """

    def __init__(self, deliveries: Iterable[Delivery]) -> None:
        self._all = tuple(deliveries)
        if not self._all:
            raise ValueError("deliveries: at least one is expected")
        self._idle = list(self._all)
        self._turn = asyncio.Semaphore(len(self._all))

    def __repr__(self) -> str:
        """What it is made of."""
        return f"DeliveryPool({list(self._all)!r})"

    async def send(self, mail: EmailMessage) -> None:
        """Deliver one mail, as the delivery does whose turn it is."""
        async with self._turn:
            delivery = self._idle.pop()
            try:
                await delivery.send(mail)
            finally:
                self._idle.append(delivery)

    async def close(self) -> None:
        """Let go of all connections."""
        await asyncio.gather(*(delivery.close() for delivery in self._all))
