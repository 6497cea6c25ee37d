"""From words to a mail that can be sent: the same arguments give the same bytes, every time."""

import re
from datetime import datetime, timedelta, timezone
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Final

from contract_notify.addresses import require_address
from contract_notify.rendering import RenderedMail
from contract_notify.text import require_one_line

SENDER_NAME: Final = "おまかせログイン"
"""The name that the recipient sees beside the address from which the mail comes."""

_JAPAN: Final = timezone(timedelta(hours=9))
_MESSAGE_ID: Final = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")


def compose(rendered: RenderedMail, *, sender: str, recipient: str, message_id: str, date: datetime) -> EmailMessage:
    """One mail to one recipient, as a program's notice (RFC 3834) that no out-of-office reply answers.

    `message_id` (`<unique@domain>`) and `date` belong to the fact that is told, not to the attempt to send
    it: a repeat is then recognised as the same mail. The date is written in Japanese time, to the second.

    The text travels as base64: pure ASCII lines of fixed length, which no relay on the way has a reason to
    change.

    Raises `InvalidAddress` for a sender or recipient that is not one plain address, and `ValueError` for a
    subject or a message id that would break out of its header, and for a date without an offset.
    """
    if date.utcoffset() is None:
        raise ValueError("date: an instant with its offset is expected")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError("message_id: the form is <unique@domain>, in ASCII")
    sender, recipient = require_address(sender), require_address(recipient)
    # an address beyond ASCII has no other form than itself: its mail needs headers in UTF-8 (RFC 6532)
    mail = EmailMessage(policy=SMTP if (sender + recipient).isascii() else SMTPUTF8)
    mail["Date"] = date.astimezone(_JAPAN)
    mail["From"] = _mailbox(sender, SENDER_NAME)
    mail["To"] = _mailbox(recipient)
    mail["Message-ID"] = message_id
    mail["Subject"] = require_one_line(rendered.subject, what="subject")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(rendered.body, charset="utf-8", cte="base64")
    return mail


def _mailbox(address: str, display_name: str = "") -> Address:
    # not `Address(addr_spec=...)`: it refuses letters beyond ASCII, and quotes the address when it refuses
    local_part, domain = address.split("@")
    return Address(display_name, local_part, domain)
