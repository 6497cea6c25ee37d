"""With `MAIL_RECEIPT`, the mail that accepts a termination carries a receipt and the dates; its body stays as it is."""

import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from icalendar import Calendar
from tests.conftest import seeded_database
from tests.server.running import ACTIVE_CONTRACT, RESUME, TERMINATE, running

from contract_notify import TerminationAccepted, render
from contract_rules import Language
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.documents.receipt_terms import TERMS

TERMINATE_FOR = """
mutation ($id: ID!) { terminateContract(input: { contractId: $id, note: "電話での申請" }) { __typename } }
"""
TERMINATION = """
{ viewer { contract { termination { receiptNumber timeline { serviceEnd { lastDay } erasure { lastDay } } } } } }
"""


async def test_the_mail_carries_both_and_says_the_manuals_words(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    async with running(await seeded_database(postgres), redis.url, tmp_path, MAIL_RECEIPT="true") as service:
        async with service.client() as client:
            await client.log_in("active@example.jp")
            await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
            termination = (await client.ask(TERMINATION))["viewer"]["contract"]["termination"]
            await service.mails(1)
            await client.ask(RESUME, id=ACTIVE_CONTRACT)
            await service.mails(2)
            await client.log_in("operator@example.jp")
            await client.ask(TERMINATE_FOR, id=ACTIVE_CONTRACT)
        accepted, accepted_for, resumed = sorted(await service.mails(3), key=order)
    body = accepted.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == render(TerminationAccepted(resumption_days=14)).body
    receipt, calendar = accepted.iter_attachments()
    assert (receipt.get_filename(), calendar.get_filename()) == ("receipt.txt", "dates.ics")
    text = receipt.get_content().replace("\r\n", "\n")
    assert re.findall(r"^(.+?)　*：", text, re.MULTILINE)[: len(TERMS)] == [
        term[Language.JA] for term in TERMS.values()
    ]
    assert f"：{termination['receiptNumber']}\n" in text
    assert "会社名　　　　　　：株式会社あおぞら製作所\n" in text
    assert "/receipt\n" in text
    assert "https://form.business.ntt-east.co.jp/" in text
    entries: Any = Calendar.from_ical(calendar.get_content()).walk("VEVENT")
    assert str(entries[0]["dtstart"].dt) == termination["timeline"]["serviceEnd"]["lastDay"]
    assert str(entries[2]["dtstart"].dt) == termination["timeline"]["erasure"]["lastDay"]
    on_behalf = next(accepted_for.iter_attachments()).get_content()
    assert "：株式会社あおぞら製作所" in on_behalf
    assert not resumed.is_multipart()


def order(mail: EmailMessage) -> tuple[bool, str]:
    """Acceptances first, by their version."""
    return not mail.is_multipart(), str(mail["Message-ID"])
