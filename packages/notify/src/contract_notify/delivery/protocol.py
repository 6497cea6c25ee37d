"""What every way of delivery can do."""

from email.message import EmailMessage
from typing import Protocol


class Delivery(Protocol):
    """Takes finished mails away, one at a time.

    When `send` returns, the mail is accepted: whoever runs the other side has taken responsibility for it.
    When it raises a `DeliveryFailure`, its class says what to do next. When it is cancelled, the outcome is
    unknown.
    """

    async def send(self, mail: EmailMessage) -> None:
        """Deliver one mail to its one recipient, or raise a `DeliveryFailure`."""

    async def close(self) -> None:
        """Let go of connections. The delivery can be used again afterwards and opens what it needs."""
