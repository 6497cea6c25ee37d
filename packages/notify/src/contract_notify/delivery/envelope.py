"""The envelope of a mail: sender and recipient."""

from dataclasses import dataclass, field
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from typing import Self

from contract_notify.addresses import require_address
from contract_notify.composing import POLICY
from contract_notify.failures import InvalidAddress


@dataclass(frozen=True)
class Envelope:
    """One sender and one recipient, read from the mail, so that mail and envelope agree."""

    sender: str = field(repr=False)
    recipient: str = field(repr=False)

    @classmethod
    def of(cls, mail: EmailMessage) -> Self:
        """Return the envelope of a mail with one sender and one recipient, else raise `InvalidAddress`."""
        if any(name in mail for name in ("Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc")):
            raise InvalidAddress("a mail goes to its one recipient, without copies")
        return cls(sender=_only_address(mail, "From"), recipient=_only_address(mail, "To"))

    def content_of(self, mail: EmailMessage) -> bytes:
        """The bytes of the mail as they are sent: lines end in CRLF, and every byte is ASCII."""
        return mail.as_bytes(policy=POLICY)

    @property
    def sender_domain(self) -> str:
        """Domain of the sender."""
        return self.sender.partition("@")[2]


def _only_address(mail: EmailMessage, name: str) -> str:
    headers = mail.get_all(name, [])
    if len(headers) != 1 or not isinstance(headers[0], AddressHeader) or len(headers[0].addresses) != 1:
        raise InvalidAddress(f"a mail has exactly one address in {name}")
    address = headers[0].addresses[0]
    # not `addr_spec`: it would quote an address that is not plain, and make it acceptable
    return require_address(f"{address.username}@{address.domain}")
