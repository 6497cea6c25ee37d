"""Delivery for tests: it keeps mails, and fails as scripted."""

from collections import deque
from email.message import EmailMessage

from contract_notify.failures import DeliveryFailure


class MemoryDelivery:
    """Keeps accepted mails in `sent`, oldest first, and fails as scripted.

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
        """Raise the failure for the next sends, after the failures scripted before.

        With `accepted`, the mail is kept all the same: the server accepted it, and its answer was lost. This is
        the case of `OutcomeUnknown`.
        """
        self._failures.extend([(failure, accepted)] * times)

    def recover(self) -> None:
        """Discard the scripted failures that have not happened."""
        self._failures.clear()

    async def send(self, mail: EmailMessage) -> None:
        """Keep the mail, or fail as scripted."""
        failure, accepted = self._failures.popleft() if self._failures else (None, True)
        if accepted:
            self.sent.append(mail)
        if failure is not None:
            raise failure

    async def close(self) -> None:
        """Do nothing; `sent` stays."""
