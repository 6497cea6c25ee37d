"""From words to a mail that can be sent: the same arguments give the same bytes, every time."""

import binascii
import re
from datetime import datetime, timedelta, timezone
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, Final

from contract_notify.addresses import require_address
from contract_notify.headers import ASCII_HEADERS, UTF8_HEADERS
from contract_notify.rendering import RenderedMail
from contract_notify.text import require_one_line

SENDER_NAME: Final = "おまかせログイン"
"""The name that the recipient sees beside the address from which the mail comes, unless another is given."""

_JAPAN: Final = timezone(timedelta(hours=9))
_MESSAGE_ID: Final = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")


def compose(
    rendered: RenderedMail,
    *,
    sender: str,
    recipient: str,
    message_id: str,
    date: datetime,
    sender_name: str = SENDER_NAME,
) -> EmailMessage:
    """One mail to one recipient, as a program's notice (RFC 3834) that no out-of-office reply answers.

    `message_id` (`<unique@domain>`) and `date` belong to the fact that is told, not to the attempt to send
    it: a repeat is then recognised as the same mail. The date is written in Japanese time, to the second.

    The text travels as base64: pure ASCII lines of fixed length, which no relay on the way has a reason to
    change.

    Raises `InvalidAddress` for a sender or recipient that is not one plain address, and `ValueError` for a
    subject, a sender's name or a message id that would break out of its header, and for a date without an offset.
    """
    if date.utcoffset() is None:
        raise ValueError("date: an instant with its offset is expected")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError("message_id: the form is <unique@domain>, in ASCII")
    sender, recipient = require_address(sender), require_address(recipient)
    # an address beyond ASCII has no other form than itself: its mail needs headers in UTF-8 (RFC 6532)
    mail = EmailMessage(policy=ASCII_HEADERS if (sender + recipient).isascii() else UTF8_HEADERS)
    mail.set_raw("Date", format_datetime(date.astimezone(_JAPAN)))
    mail.set_raw(*_from(sender, require_one_line(sender_name, what="sender_name")))
    mail["To"] = _mailbox(recipient)
    mail["Message-ID"] = message_id
    mail.set_raw(*_read_once("Subject", require_one_line(rendered.subject, what="subject")))
    mail.set_raw(*_read_once("Auto-Submitted", "auto-generated"))
    mail.set_raw(*_read_once("Content-Type", 'text/plain; charset="utf-8"'))
    mail.set_raw(*_read_once("Content-Transfer-Encoding", "base64"))
    mail.set_raw(*_read_once("MIME-Version", "1.0"))
    mail.set_payload(_in_base64(rendered.body))
    return mail


@lru_cache(maxsize=64)
def _read_once(name: str, value: str) -> tuple[str, Any]:
    """A header that many mails share, as `mail[name] = value` would read it: reading takes longer than all the rest."""
    return ASCII_HEADERS.header_store_parse(name, value)


@lru_cache(maxsize=8)
def _from(sender: str, sender_name: str) -> tuple[str, Any]:
    return ASCII_HEADERS.header_store_parse("From", _mailbox(sender, sender_name))


def _in_base64(text: str) -> str:
    """As `set_content` does it, which reads the three headers about it anew each time."""
    content = b"".join(line + b"\r\n" for line in text.encode().splitlines() or [b""])
    step = 57  # bytes, which make 76 characters
    return "".join(binascii.b2a_base64(content[at : at + step]).decode() for at in range(0, len(content), step))


def _mailbox(address: str, display_name: str = "") -> Address:
    # not `Address(addr_spec=...)`: it refuses letters beyond ASCII, and quotes the address when it refuses
    local_part, domain = address.split("@")
    return Address(display_name, local_part, domain)
