"""Mails show the sender, domain and contact page of the settings."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from pydantic import ValidationError
from tests.server.workbench import Workbench

from contract_notify import MemoryDelivery
from contract_rules import Action
from contract_server.mail.relay import MailRelay
from contract_server.settings import Settings

CONFIGURED = {
    "mail_sender": "keiyaku@example.co.jp",
    "mail_sender_name": "契約管理センター",
    "mail_domain": "mail.example.co.jp",
    "contact_url": "https://example.co.jp/contact?from=mail",
}


async def mail_of(bench: Workbench, settings: Settings) -> EmailMessage:
    """Send the mail about an application, and parse it as a mail program does."""
    bench, delivery = Workbench.of(settings), MemoryDelivery()
    await bench.ask(await bench.contract(), Action.TERMINATE)
    await MailRelay(bench.clock, delivery, settings.mail_sender, settings.mail_sender_name).drain()
    (mail,) = delivery.sent
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(mail.as_bytes())


async def test_sender_name_domain_and_contact_page_are_those_of_the_settings(bench: Workbench) -> None:
    mail = await mail_of(bench, Settings.model_validate({**bench.settings.model_dump(), **CONFIGURED}))
    (sender,) = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("契約管理センター", "keiyaku@example.co.jp")
    assert mail["Message-ID"].endswith("@mail.example.co.jp>")
    assert "\nhttps://example.co.jp/contact?from=mail\n" in mail.get_content().replace("\r\n", "\n")
    assert mail["Auto-Submitted"] == "auto-generated"


async def test_without_settings_it_is_the_service_itself(bench: Workbench) -> None:
    mail = await mail_of(bench, bench.settings)
    assert mail["From"].addresses[0].display_name == "おまかせログイン"
    assert "https://form.business.ntt-east.co.jp/?formId=pf3473inq" in mail.get_content()


@pytest.mark.parametrize("name", ["", " ", "名前\r\nBcc: x@example.jp", "名前\u2028花子", "長" * 101])
async def test_a_senders_name_that_no_header_can_hold_stops_the_start(bench: Workbench, name: str) -> None:
    with pytest.raises(ValidationError, match=r"expected (1 to 100 characters|one line)"):
        Settings.model_validate({**bench.settings.model_dump(), "mail_sender_name": name})
