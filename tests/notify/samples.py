"""A mail to send, and the words that must never turn up in an error."""

from datetime import datetime, timedelta, timezone
from email.message import EmailMessage

from contract_notify import SENDER_NAME, TerminationAccepted, compose, render

SENDER = "no-reply@omakase-login.example.jp"
RECIPIENT = "keiyaku@example.jp"
USERNAME = "relay-user"
PASSWORD = "p@ss/wörd"
MESSAGE_ID = "<0190a6c2-5f1e-7abc-8def-0123456789ab@omakase-login.example.jp>"
DATE = datetime(2024, 3, 1, 10, 0, tzinfo=timezone(timedelta(hours=9)))


def a_mail(
    *,
    sender: str = SENDER,
    recipient: str = RECIPIENT,
    message_id: str = MESSAGE_ID,
    date: datetime = DATE,
    sender_name: str = SENDER_NAME,
) -> EmailMessage:
    rendered = render(TerminationAccepted(resumption_days=14))
    return compose(
        rendered, sender=sender, recipient=recipient, message_id=message_id, date=date, sender_name=sender_name
    )
