"""Delivery by SMTP where all goes well, and how the connection is kept from mail to mail."""

import asyncio
import ssl
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from tests.addresses import REGISTERED, Written
from tests.notify.samples import RECIPIENT, SENDER, a_mail
from tests.notify.scripted_smtp import (
    CERTIFICATE,
    ScriptedSmtp,
    answers,
    answers_and_closes,
    closes,
    drips,
    hangs,
)

from contract_notify import (
    InvalidAddress,
    OutcomeUnknown,
    PermanentFailure,
    SmtpDelivery,
    SmtpServer,
    TemporaryFailure,
)
from contract_notify.delivery.replies import Stage


def plain(smtp: ScriptedSmtp, options: str = "") -> SmtpDelivery:
    return SmtpDelivery(SmtpServer.from_url(f"smtp://127.0.0.1:{smtp.port}?starttls=never{options}"))


def mails(count: int) -> list[EmailMessage]:
    return [a_mail(message_id=f"<{number}@example.jp>") for number in range(count)]


class Inbox:
    """What an aiosmtpd server has accepted."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd looks for
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.envelopes.append(envelope)
        return "250 accepted"


async def test_mail_reaches_a_real_server_over_tls_with_a_log_in() -> None:
    inbox, log_ins = Inbox(), list[object]()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)

    def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: object) -> AuthResult:
        log_ins.append(data)
        return AuthResult(success=True)

    def one_connection() -> SMTP:
        return SMTP(
            inbox,
            tls_context=tls,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
            loop=asyncio.get_running_loop(),
        )

    listener = await asyncio.get_running_loop().create_server(one_connection, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    delivery = SmtpDelivery(SmtpServer.from_url(f"smtp://user:p%40ss@localhost:{port}?ca={CERTIFICATE}"))
    mail = a_mail()

    await delivery.send(mail)
    await delivery.close()
    listener.close()

    [envelope] = inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, [RECIPIENT])
    assert envelope.content == mail.as_bytes()
    assert log_ins == [LoginPassword(b"user", b"p@ss")]


async def test_mail_arrives_byte_for_byte(smtp: ScriptedSmtp) -> None:
    delivery = plain(smtp)
    mail = a_mail()

    await delivery.send(mail)

    [accepted] = smtp.accepted
    assert accepted.content == mail.as_bytes()
    assert (accepted.mail_from, accepted.rcpt_to) == (f"FROM:<{SENDER}>", f"TO:<{RECIPIENT}>")
    await delivery.close()


async def test_mail_travels_in_tls_from_the_first_byte_by_smtps() -> None:
    async with ScriptedSmtp(implicit_tls=True).running() as smtp:
        delivery = SmtpDelivery(SmtpServer.from_url(f"smtps://user:secret@127.0.0.1:{smtp.port}?ca={CERTIFICATE}"))

        await delivery.send(a_mail())

        assert [(accepted.encrypted, accepted.user) for accepted in smtp.accepted] == [(True, "user")]
        await delivery.close()


async def test_line_that_begins_with_a_dot_arrives_with_one_dot(smtp: ScriptedSmtp) -> None:
    mail = a_mail()
    mail.set_content(".\n..two\nno dot\n", cte="7bit")
    delivery = plain(smtp)

    await delivery.send(mail)

    [accepted] = smtp.accepted
    assert accepted.content.endswith(b"\r\n\r\n.\r\n..two\r\nno dot\r\n")
    await delivery.close()


@pytest.mark.parametrize("address", REGISTERED, ids=lambda address: address.text)
async def test_address_is_quoted_in_the_envelope_where_its_dots_are_no_separators(
    smtp: ScriptedSmtp, address: Written
) -> None:
    delivery = plain(smtp)

    await delivery.send(a_mail(recipient=address.text.lower()))
    await delivery.close()

    assert smtp.accepted[0].rcpt_to == f"TO:<{address.sent or address.registered}>"


@pytest.mark.parametrize("address", REGISTERED, ids=lambda address: address.text)
async def test_real_server_takes_every_registered_address_as_its_recipient(address: Written) -> None:
    inbox = Inbox()
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: SMTP(inbox, loop=loop), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    delivery = SmtpDelivery(SmtpServer.from_url(f"smtp://127.0.0.1:{port}?starttls=never"))

    await delivery.send(a_mail(recipient=address.text.lower()))
    await delivery.close()
    listener.close()

    [envelope] = inbox.envelopes
    assert envelope.rcpt_tos == [address.registered]


async def test_answers_in_pieces_are_put_together(smtp: ScriptedSmtp) -> None:
    smtp.at(Stage.CONNECT, drips("220-good", "220-morning", "220 scripted"))
    smtp.at(Stage.EHLO, drips("250-scripted", "250-8BITMIME", "250 SIZE 1000"))
    for stage in (Stage.MAIL, Stage.RCPT, Stage.DOT):
        smtp.at(stage, drips("250-one", "250-two", "250 three"))
    smtp.at(Stage.DATA, drips("354-go", "354 on"))
    delivery = plain(smtp)

    await delivery.send(a_mail())

    assert len(smtp.accepted) == 1
    await delivery.close()


async def test_any_2xx_at_the_end_is_an_acceptance(smtp: ScriptedSmtp) -> None:
    smtp.at(Stage.DOT, answers("252 in good hands"))
    delivery = plain(smtp)

    await delivery.send(a_mail())

    assert len(smtp.accepted) == 1
    await delivery.close()


async def test_connection_is_kept_from_mail_to_mail(smtp: ScriptedSmtp) -> None:
    delivery = plain(smtp)

    for mail in mails(3):
        await delivery.send(mail)
    await delivery.close()

    assert smtp.connections == 1
    assert smtp.commands[-1] == "QUIT"
    assert len(smtp.accepted) == 3


async def test_simultaneous_mails_take_turns_on_the_connection(smtp: ScriptedSmtp) -> None:
    delivery = plain(smtp)
    together = mails(10)

    await asyncio.gather(*(delivery.send(mail) for mail in together))

    assert smtp.connections == 1
    assert {accepted.content for accepted in smtp.accepted} == {mail.as_bytes() for mail in together}
    await delivery.close()


TIRED = {
    "close": closes,
    "421 and close": answers_and_closes("421 too long idle"),
    "4xx": answers("452 too many mails"),
    "garbage": answers("garbage"),
}


@pytest.mark.parametrize("tired", TIRED)
async def test_server_tired_of_the_connection_is_called_again_for_the_next_mail(smtp: ScriptedSmtp, tired: str) -> None:
    delivery = plain(smtp)
    first, second = mails(2)
    await delivery.send(first)
    smtp.at(Stage.MAIL, TIRED[tired])

    await delivery.send(second)

    assert smtp.connections == 2
    assert [accepted.content for accepted in smtp.accepted] == [first.as_bytes(), second.as_bytes()]
    await delivery.close()


async def test_mail_that_reached_its_recipient_stage_is_not_tried_twice_in_one_go(smtp: ScriptedSmtp) -> None:
    delivery = plain(smtp)
    first, second = mails(2)
    await delivery.send(first)
    smtp.at(Stage.RCPT, closes)

    with pytest.raises(TemporaryFailure):
        await delivery.send(second)

    assert smtp.connections == 1
    await delivery.close()


async def test_connection_on_which_a_mail_failed_is_not_used_for_the_next(smtp: ScriptedSmtp) -> None:
    delivery = plain(smtp)
    first, second = mails(2)
    smtp.at(Stage.RCPT, answers("550 5.1.1 nobody"))
    with pytest.raises(PermanentFailure):
        await delivery.send(first)

    await delivery.send(second)

    assert smtp.connections == 2
    assert [accepted.content for accepted in smtp.accepted] == [second.as_bytes()]
    await delivery.close()


async def test_cancelled_mail_leaves_nothing_that_the_next_one_could_trip_over(smtp: ScriptedSmtp) -> None:
    delivery = plain(smtp)
    first, second = mails(2)
    smtp.at(Stage.DATA, hangs)
    sending = asyncio.create_task(delivery.send(first))
    await smtp.reached.wait()

    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await delivery.send(second)

    assert [accepted.content for accepted in smtp.accepted] == [second.as_bytes()]
    await delivery.close()


async def test_mail_that_waited_for_its_turn_behind_a_silent_server_has_a_known_outcome(
    smtp: ScriptedSmtp,
) -> None:
    delivery = plain(smtp, "&send_timeout=0.5")
    first, second = mails(2)
    smtp.at(Stage.DOT, hangs)

    of_first, of_second = await asyncio.gather(delivery.send(first), delivery.send(second), return_exceptions=True)

    assert isinstance(of_first, OutcomeUnknown)
    # the second had next to no time left for its turn: whether it made it or not, that is known
    was_accepted = second.as_bytes() in {accepted.content for accepted in smtp.accepted}
    assert isinstance(of_second, TemporaryFailure) is not was_accepted
    await delivery.close()


async def test_closed_delivery_connects_anew_when_it_is_used_again(smtp: ScriptedSmtp) -> None:
    delivery = plain(smtp)
    first, second = mails(2)

    await delivery.send(first)
    await delivery.close()
    await delivery.close()
    await delivery.send(second)
    await delivery.close()

    assert smtp.connections == 2
    assert len(smtp.accepted) == 2


async def test_close_says_no_goodbye_to_a_server_that_has_gone(smtp: ScriptedSmtp) -> None:
    delivery = plain(smtp)
    smtp.at(Stage.DOT, answers_and_closes("250 accepted"))
    await delivery.send(a_mail())

    await delivery.close()

    assert len(smtp.accepted) == 1
    assert "QUIT" not in smtp.commands


async def test_close_does_not_wait_for_a_server_that_says_no_goodbye(smtp: ScriptedSmtp) -> None:
    delivery = plain(smtp)
    smtp.at_quit = hangs
    await delivery.send(a_mail())

    async with asyncio.timeout(30):
        await delivery.close()

    assert smtp.commands[-1] == "QUIT"


@pytest.mark.parametrize(
    ("options", "sender", "greeting"),
    [
        ("", SENDER, "omakase-login.example.jp"),
        ("&ehlo=worker-1.example.jp", SENDER, "worker-1.example.jp"),
        ("", "no-reply@例え.jp", "xn--r8jz45g.jp"),
    ],
)
async def test_greeting_tells_nothing_about_this_machine(options: str, sender: str, greeting: str) -> None:
    async with ScriptedSmtp().running() as smtp:
        delivery = plain(smtp, options)

        await delivery.send(a_mail(sender=sender))

        assert smtp.commands[0] == f"EHLO {greeting}"
        await delivery.close()


@pytest.mark.parametrize(
    ("header", "value"),
    [("To", f"{RECIPIENT}, other@example.jp"), ("Cc", "other@example.jp"), ("Bcc", "other@example.jp")],
)
async def test_mail_to_more_than_one_recipient_is_refused_before_anything_is_said(
    smtp: ScriptedSmtp, header: str, value: str
) -> None:
    mail = a_mail()
    del mail[header]
    mail[header] = value

    with pytest.raises(InvalidAddress):
        await plain(smtp).send(mail)

    assert smtp.connections == 0
