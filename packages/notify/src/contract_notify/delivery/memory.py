"""Delivery for tests: mails are kept, and every kind of failure can be ordered in advance."""

from collections import deque
from email.message import EmailMessage

from contract_notify.failures import DeliveryFailure


class MemoryDelivery:
    """Keeps what was accepted in `sent`, oldest first, and fails when told to.

    >>> import asyncio
    >>> from contract_notify.failures import TemporaryFailure
    >>> delivery = MemoryDelivery()
    >>> delivery.fail_next(TemporaryFailure("the server is busy"))
    >>> asyncio.run(delivery.send(EmailMessage()))
    Traceback (most recent call last):
        ...
    contract_notify.failures.TemporaryFailure: the server is busy
    >>> asyncio.run(delivery.send(EmailMessage()))
    >>> len(delivery.sent)
    1
    """

    def __init__(self) -> None:
        self.sent: list[EmailMessage] = []
        self._failures: deque[tuple[DeliveryFailure, bool]] = deque()

    def fail_next(self, failure: DeliveryFailure, *, times: int = 1, accepted: bool = False) -> None:
        """Raise the failure for the next sends, after the failures ordered before.

        With `accepted`, the mail is kept nevertheless: the server took it, only its answer was lost. That is
        the case for which `OutcomeUnknown` exists.
        """
        self._failures.extend([(failure, accepted)] * times)

    def recover(self) -> None:
        """Forget the failures that were ordered and have not happened."""
        self._failures.clear()

    async def send(self, mail: EmailMessage) -> None:
        """Keep the mail, or fail as ordered."""
        failure, accepted = self._failures.popleft() if self._failures else (None, True)
        if accepted:
            self.sent.append(mail)
        if failure is not None:
            raise failure

    async def close(self) -> None:
        """Nothing is open; what was sent stays to be looked at."""
