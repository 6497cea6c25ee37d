"""Delivery failures, in the three kinds that a sender treats differently.

No text quotes an address, a password, or an answer of a server: it can be logged and stored.
"""

from typing import Final

_BEFORE_RECIPIENT: Final = frozenset({"connect", "EHLO", "STARTTLS", "AUTH", "MAIL"})


class DeliveryFailure(Exception):
    """A mail could not be delivered.

    `stage` is the stage at which the conversation with the mail server ended, None if there was none; `code` is
    the server's reply code, None if it gave no valid one; `enhanced` is its enhanced status code (RFC 3463).
    """

    def __init__(
        self, reason: str, *, stage: str | None = None, code: int | None = None, enhanced: str | None = None
    ) -> None:
        super().__init__(f"{stage}: {reason}" if stage else reason)
        self.stage = stage
        self.code = code
        self.enhanced = enhanced

    @property
    def before_recipient(self) -> bool:
        """Whether the conversation ended before the server learned of the recipient."""
        return self.stage in _BEFORE_RECIPIENT

    @property
    def about_recipient(self) -> bool:
        """Whether the server says that the address or its mailbox is the reason (X.1.X, X.2.X)."""
        return self.enhanced is not None and self.enhanced.split(".")[1] in {"1", "2"}


class TemporaryFailure(DeliveryFailure):
    """The mail was not accepted; a later attempt can succeed."""


class ServerFailure(TemporaryFailure):
    """The mail server takes no mail from this sender for the moment: the reason is not this mail."""


class PermanentFailure(DeliveryFailure):
    """The mail was not accepted, and no repetition will be; an operator must act."""


class OutcomeUnknown(DeliveryFailure):
    """The whole mail was sent, but no answer came back: it may have been accepted.

    A slow server cannot be told from a dead one. Send the same bytes again, after
    `RETRY_AFTER_UNKNOWN_SECONDS` at the earliest, so that the one duplicate that cannot be excluded (RFC 1047) is
    recognised as a duplicate.
    """


RETRY_AFTER_UNKNOWN_SECONDS: Final = 600
"""How long a mail server may take to answer the end of a mail (RFC 5321, 4.5.3.2.6)."""


class InvalidAddress(PermanentFailure, ValueError):
    """An address that cannot be given to a mail server. The text names the fault, not the address.

    `spelling` is the address that is meant, if only its characters are wrong. It is not part of the text.
    """

    def __init__(self, reason: str, *, spelling: str | None = None) -> None:
        super().__init__(reason)
        self.spelling = spelling
