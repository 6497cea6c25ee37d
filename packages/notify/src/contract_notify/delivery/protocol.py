"""The interface of a delivery."""

from email.message import EmailMessage
from typing import Protocol


class Delivery(Protocol):
    """Delivers composed mails, one at a time.

    When `send` returns, the mail is accepted: the receiving server is responsible for it. When it raises a
    `DeliveryFailure`, the class determines what to do next. When it is cancelled, the outcome is unknown.
    """

    async def send(self, mail: EmailMessage) -> None:
        """Deliver one mail to its one recipient, or raise a `DeliveryFailure`."""

    async def close(self) -> None:
        """Close connections. The delivery can be used again and opens what it needs."""
