"""The limit for mails: aiosmtplib in a bare loop over one connection, with mails that were made beforehand.

`python -m tests.bench.mail_loop PORT MAILS bytes|messages`: with `bytes` nothing is left to do but the conversation;
with `messages` each is an `EmailMessage` of the standard library, as aiosmtplib's documentation sends them.
"""

import asyncio
import sys
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage

import aiosmtplib

from contract_notify import CONTACT_URL, SENDER_NAME, TerminationAccepted, render

SENDER = "no-reply@omakase-login.example"
RECIPIENT = "keiyakusha@example.jp"


def made(count: int) -> list[EmailMessage]:
    """So many mails with the same words and headers as those that the product owes."""
    words, date = render(TerminationAccepted(14), CONTACT_URL), datetime(2024, 3, 1, tzinfo=UTC)
    mails = []
    for number in range(count):
        mail = EmailMessage()
        mail["Date"] = date
        mail["From"] = Address(SENDER_NAME, addr_spec=SENDER)
        mail["To"] = RECIPIENT
        mail["Message-ID"] = f"<{number}@example.jp>"
        mail["Subject"] = words.subject
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(words.body, cte="base64")
        mails.append(mail)
    return mails


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
