"""Why a mail has not arrived, in the three kinds that a sender must treat differently.

No text here quotes an address, a password, or what a server said: it can be logged and stored as it is.
"""

from typing import Final


class DeliveryFailure(Exception):
    """A mail could not be delivered.

    `stage` is where the conversation with the mail server ended, None where there was none; `code` is its
    answer, None where it gave no answer that means anything.
    """

    def __init__(self, reason: str, *, stage: str | None = None, code: int | None = None) -> None:
        super().__init__(f"{stage}: {reason}" if stage else reason)
        self.stage = stage
        self.code = code


class TemporaryFailure(DeliveryFailure):
    """The mail is certainly not accepted, and trying again later can help."""


class PermanentFailure(DeliveryFailure):
    """The mail is certainly not accepted, and never will be as it is: set it aside and tell somebody."""


class OutcomeUnknown(DeliveryFailure):
    """The whole mail was handed over, but no answer came back: it may have been accepted.

    Only time tells a slow server from a dead one: send again after `RETRY_AFTER_UNKNOWN_SECONDS` at the
    earliest, byte for byte the same, so that the one duplicate which cannot be excluded (RFC 1047) is
    recognised as one.
    """


RETRY_AFTER_UNKNOWN_SECONDS: Final = 600
"""How long a mail server may take to answer the end of a mail (RFC 5321, 4.5.3.2.6)."""


class InvalidAddress(PermanentFailure, ValueError):
    """An address that cannot be given to a mail server. The text says what is wrong, not which address."""
