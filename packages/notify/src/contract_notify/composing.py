"""Compose a mail from rendered text. The same arguments give the same bytes."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import Final, NamedTuple

from contract_notify.addresses import quote_address, require_address
from contract_notify.rendering import RenderedMail
from contract_notify.text import require_one_line

SENDER_NAME: Final = "おまかせログイン"
"""Default display name of the sender."""

POLICY: Final = SMTP.clone(cte_type="7bit")
"""How a mail is written: lines end in CRLF, and every byte is ASCII."""

_JAPAN: Final = timezone(timedelta(hours=9))
_MESSAGE_ID: Final = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")


class Attachment(NamedTuple):
    """A text file that goes along with a mail, such as `text/calendar`."""

    name: str
    subtype: str
    text: str


def compose(
    rendered: RenderedMail,
    *,
    sender: str,
    recipient: str,
    message_id: str,
    date: datetime,
    sender_name: str = SENDER_NAME,
    attachments: Sequence[Attachment] = (),
) -> EmailMessage:
    """One mail to one recipient, as a program's notice (RFC 3834) that no out-of-office reply answers.

    `message_id` (`<unique@domain>`) and `date` belong to the event that the mail reports, not to the attempt to
    send it, so that a repeated mail is recognised as the same. The date is written in Japanese time, to the
    second. The text is encoded as base64: ASCII lines of fixed length, which no relay has a reason to change.

    Raises `InvalidAddress` for a sender or recipient that is not one plain address, and `ValueError` for a
    subject, a sender's name or a message id that would break out of its header, and for a date without an offset.
    """
    if date.utcoffset() is None:
        raise ValueError("date: an instant with its offset is expected")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError("message_id: the form is <unique@domain>, in ASCII")
    sender, recipient = require_address(sender), require_address(recipient)
    mail = EmailMessage(policy=POLICY)
    mail["Date"] = format_datetime(date.astimezone(_JAPAN))
    mail["From"] = _mailbox(sender, require_one_line(sender_name, what="sender_name"))
    mail["To"] = quote_address(recipient)
    mail["Message-ID"] = message_id
    mail["Subject"] = require_one_line(rendered.subject, what="subject")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(rendered.body, charset="utf-8", cte="base64")
    for name, subtype, text in attachments:
        mail.add_attachment(text, subtype=subtype, charset="utf-8", cte="base64", filename=name)
    if attachments:
        mail.set_boundary(sha256(message_id.encode()).hexdigest())  # not a random one: a repeated mail is the same
    return mail


def _mailbox(address: str, display_name: str) -> Address:
    local_part, domain = address.split("@")
    return Address(display_name, local_part, domain)
