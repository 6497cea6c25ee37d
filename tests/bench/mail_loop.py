"""The limit for mails: aiosmtplib in a bare loop over one connection, with mails that were made beforehand.

`python -m tests.bench.mail_loop PORT MAILS bytes|messages`: with `bytes` nothing is left to do but the conversation;
with `messages` each is an `EmailMessage`, as aiosmtplib's documentation sends them.
"""

import asyncio
import sys
from datetime import UTC, datetime
from email.message import EmailMessage

import aiosmtplib

from contract_notify import CONTACT_URL, TerminationAccepted, compose, render

SENDER = "no-reply@omakase-login.example"
RECIPIENT = "keiyakusha@example.jp"


def made(count: int) -> list[EmailMessage]:
    """So many mails like those that the product owes."""
    words, date = render(TerminationAccepted(14), CONTACT_URL), datetime(2024, 3, 1, tzinfo=UTC)
    return [
        compose(words, sender=SENDER, recipient=RECIPIENT, message_id=f"<{number}@example.jp>", date=date)
        for number in range(count)
    ]


async def main(port: int, count: int, kind: str) -> None:
    """Hand them over, one after the other."""
    mails = made(count)
    contents = [mail.as_bytes() for mail in mails]
    smtp = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)
    await smtp.connect()
    if kind == "bytes":
        for content in contents:
            await smtp.sendmail(SENDER, [RECIPIENT], content)
    else:
        for mail in mails:
            await smtp.send_message(mail)
    await smtp.quit()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
