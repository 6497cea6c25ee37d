"""Delivery over several connections, for mails sent concurrently."""

import asyncio
from collections.abc import Iterable
from email.message import EmailMessage

from contract_notify.delivery.protocol import Delivery


class DeliveryPool:
    """Hands each mail to an idle delivery; waits while all are busy.

    The delivery used last is used first, so that one connection stays open on a quiet day.

    Raises `ValueError` if there is no delivery.
    """

    def __init__(self, deliveries: Iterable[Delivery]) -> None:
        self._all = tuple(deliveries)
        if not self._all:
            raise ValueError("deliveries: at least one is expected")
        self._idle = list(self._all)
        self._turn = asyncio.Semaphore(len(self._all))

    def __repr__(self) -> str:
        """The deliveries, for logs."""
        return f"DeliveryPool({list(self._all)!r})"

    async def send(self, mail: EmailMessage) -> None:
        """Deliver one mail by an idle delivery."""
        async with self._turn:
            delivery = self._idle.pop()
            try:
                await delivery.send(mail)
            finally:
                self._idle.append(delivery)

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(delivery.close() for delivery in self._all))
