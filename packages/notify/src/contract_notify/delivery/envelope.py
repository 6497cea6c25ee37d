"""What a mail server needs of a mail: from whom, to whom, and the bytes."""

from dataclasses import dataclass, field
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from typing import Self

from contract_notify.addresses import require_address
from contract_notify.failures import InvalidAddress
from contract_notify.headers import ASCII_HEADERS, UTF8_HEADERS


@dataclass(frozen=True)
class Envelope:
    """One sender, one recipient, read from the mail itself, so that mail and envelope cannot disagree."""

    sender: str = field(repr=False)
    recipient: str = field(repr=False)

    @classmethod
    def of(cls, mail: EmailMessage) -> Self:
        """The envelope of a mail that names one sender and one recipient; otherwise `InvalidAddress`."""
        if any(name in mail for name in ("Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc")):
            raise InvalidAddress("a mail goes to its one recipient, without copies")
        return cls(sender=_only_address(mail, "From"), recipient=_only_address(mail, "To"))

    @property
    def is_international(self) -> bool:
        """Whether an address has letters beyond ASCII: only a server with SMTPUTF8 can take the mail."""
        return not (self.sender + self.recipient).isascii()

    @property
    def sender_domain(self) -> str:
        """The domain that the mail comes from."""
        return self.sender.partition("@")[2]


def content_of(mail: EmailMessage, *, international: bool) -> bytes:
    """The mail as it travels: lines end in CRLF, and without SMTPUTF8 every byte is ASCII."""
    return mail.as_bytes(policy=UTF8_HEADERS if international else ASCII_HEADERS)


def _only_address(mail: EmailMessage, name: str) -> str:
    headers = mail.get_all(name, [])
    if len(headers) != 1 or not isinstance(headers[0], AddressHeader) or len(headers[0].addresses) != 1:
        raise InvalidAddress(f"a mail has exactly one address in {name}")
    address = headers[0].addresses[0]
    # put together by hand: `addr_spec` would quote what is not plain, and make it look acceptable
    return require_address(f"{address.username}@{address.domain}")
