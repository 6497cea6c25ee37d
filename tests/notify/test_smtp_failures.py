"""Every stage of a conversation, every way in which a mail server fails, and what it means for the mail."""

import asyncio
import traceback
from urllib.parse import quote

import pytest
from tests.notify.samples import PASSWORD, RECIPIENT, SENDER, USERNAME, a_mail
from tests.notify.scripted_smtp import (
    CERTIFICATE,
    Fault,
    ScriptedSmtp,
    answers,
    answers_and_closes,
    begins_and_hangs,
    closes,
    hangs,
)

from contract_notify import (
    DeliveryFailure,
    OutcomeUnknown,
    PermanentFailure,
    ServerFailure,
    SmtpDelivery,
    SmtpServer,
    TemporaryFailure,
)
from contract_notify.delivery.replies import Stage

# servers like to repeat what they were told
TELLTALE = f"<{RECIPIENT}> from <{SENDER}> {USERNAME} {PASSWORD}"

FAULTS: dict[str, Fault] = {
    "4xx": answers(f"450 4.2.0 {TELLTALE}"),
    "5xx": answers(f"554 5.7.1 {TELLTALE}"),
    "4xx of the system": answers(f"451 4.3.0 {TELLTALE}"),
    "5xx of the sender": answers(f"550 5.7.60 {TELLTALE}"),
    "relay denied": answers(f"554 Relay access denied {TELLTALE}"),
    "421 and close": answers_and_closes(f"421 4.3.2 {TELLTALE}"),
    "close": closes,
    "garbage": answers(f"こんにちは {TELLTALE}"),
    "wrong code": answers(f"199 {TELLTALE}"),
}
REFUSALS = {"4xx", "5xx", "4xx of the system", "5xx of the sender", "relay denied", "421 and close"}

S, T, P, U = ServerFailure, TemporaryFailure, PermanentFailure, OutcomeUnknown

MEANING: dict[Stage, tuple[type[DeliveryFailure], ...]] = {
    #                4xx 5xx system sender relay 421 close garbage wrong
    Stage.CONNECT:  (S,  S,  S,     S,     S,    S,  S,    S,      S),
    Stage.EHLO:     (S,  S,  S,     S,     S,    S,  S,    S,      S),
    Stage.STARTTLS: (S,  S,  S,     S,     S,    S,  S,    S,      S),
    Stage.AUTH:     (S,  S,  S,     S,     S,    S,  S,    S,      S),
    Stage.MAIL:     (S,  S,  S,     S,     S,    S,  S,    S,      S),
    Stage.RCPT:     (T,  P,  S,     S,     S,    S,  T,    T,      T),
    Stage.DATA:     (T,  P,  S,     S,     S,    S,  T,    T,      T),
    Stage.DOT:      (T,  P,  S,     S,     S,    S,  U,    U,      U),
}  # fmt: skip

CASES = [
    pytest.param(stage, fault, meaning, id=f"{fault} at {stage}")
    for stage, meanings in MEANING.items()
    for fault, meaning in zip(FAULTS, meanings, strict=True)
]


def server(smtp: ScriptedSmtp, *, reply_timeout: float = 20, send_timeout: float = 30) -> SmtpServer:
    return SmtpServer.from_url(
        f"smtp://{USERNAME}:{quote(PASSWORD, safe='')}@127.0.0.1:{smtp.port}"
        f"?ca={CERTIFICATE}&reply_timeout={reply_timeout}&send_timeout={send_timeout}"
    )


@pytest.mark.parametrize(("stage", "fault", "meaning"), CASES)
async def test_failure_says_whether_the_mail_may_have_been_accepted(
    smtp: ScriptedSmtp, stage: Stage, fault: str, meaning: type[DeliveryFailure]
) -> None:
    smtp.at(stage, FAULTS[fault], mail_is_accepted=fault not in REFUSALS)
    delivery = SmtpDelivery(server(smtp))

    with pytest.raises(DeliveryFailure) as failed:
        await delivery.send(a_mail())

    assert type(failed.value) is meaning
    assert failed.value.stage == stage
    assert failed.value.before_recipient == (list(Stage).index(stage) < list(Stage).index(Stage.RCPT))
    assert bool(smtp.accepted) == (meaning is OutcomeUnknown)
    await delivery.close()


@pytest.mark.parametrize(("stage", "fault", "meaning"), CASES)
async def test_mail_that_failed_arrives_at_the_next_attempt_as_it_was(
    smtp: ScriptedSmtp, stage: Stage, fault: str, meaning: type[DeliveryFailure]
) -> None:
    mail = a_mail()
    smtp.at(stage, FAULTS[fault], mail_is_accepted=fault not in REFUSALS)
    delivery = SmtpDelivery(server(smtp))

    with pytest.raises(meaning):
        await delivery.send(mail)
    await delivery.send(mail)
    await delivery.close()

    # twice only where nobody can know, and then byte for byte the same
    assert len(smtp.accepted) == (2 if meaning is OutcomeUnknown else 1)
    assert {accepted.content for accepted in smtp.accepted} == {mail.as_bytes()}


@pytest.mark.parametrize("silence", [hangs, begins_and_hangs], ids=["nothing comes", "half an answer comes"])
async def test_silence_is_endured_for_a_while_at_every_stage_and_means_unknown_only_after_the_dot(
    silence: Fault,
) -> None:
    async def failure_at(stage: Stage) -> tuple[type[DeliveryFailure], str | None]:
        async with ScriptedSmtp().running() as smtp:
            smtp.at(stage, silence)
            # all stages wait at the same time, so that each can wait long enough for a busy machine
            delivery = SmtpDelivery(server(smtp, reply_timeout=1.5, send_timeout=3))
            with pytest.raises(DeliveryFailure) as failed:
                await delivery.send(a_mail())
            await delivery.close()
            return type(failed.value), failed.value.stage

    failures = await asyncio.gather(*map(failure_at, Stage))

    assert failures == [(MEANING[stage][list(FAULTS).index("close")], stage) for stage in Stage]


@pytest.mark.parametrize("fault", ["4xx", "5xx", "421 and close", "close", "garbage", "wrong code"])
@pytest.mark.parametrize("stage", list(Stage))
async def test_no_failure_tells_an_address_a_password_or_what_the_server_said(
    smtp: ScriptedSmtp, stage: Stage, fault: str
) -> None:
    smtp.at(stage, FAULTS[fault])
    delivery = SmtpDelivery(server(smtp))

    with pytest.raises(DeliveryFailure) as failed:
        await delivery.send(a_mail())

    told = "".join(traceback.format_exception(failed.value)) + repr(failed.value) + repr(delivery)
    for secret in (RECIPIENT, SENDER, USERNAME, PASSWORD, quote(PASSWORD, safe=""), "こんにちは"):
        assert secret not in told
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None
    await delivery.close()


@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT])
async def test_demand_for_authentication_condemns_the_settings_and_not_the_mail(
    smtp: ScriptedSmtp, stage: Stage
) -> None:
    smtp.at(stage, answers("530 5.7.0 authentication required"), mail_is_accepted=False)
    delivery = SmtpDelivery(server(smtp))

    with pytest.raises(TemporaryFailure, match=f"^{stage}: the mail server answered 530 5.7.0$"):
        await delivery.send(a_mail())
    await delivery.close()


async def test_failure_carries_the_servers_code_for_whoever_looks_into_it(smtp: ScriptedSmtp) -> None:
    smtp.at(Stage.RCPT, answers("550 5.1.1 no such user"))
    delivery = SmtpDelivery(server(smtp))

    with pytest.raises(PermanentFailure, match=r"^RCPT: the mail server answered 550 5\.1\.1$") as failed:
        await delivery.send(a_mail())

    assert (failed.value.stage, failed.value.code) == ("RCPT", 550)
    await delivery.close()


async def test_server_that_asks_for_the_mail_and_hangs_up_has_not_accepted_it(smtp: ScriptedSmtp) -> None:
    smtp.at(Stage.DATA, answers_and_closes("354 go on"))
    delivery = SmtpDelivery(server(smtp))

    with pytest.raises(DeliveryFailure) as failed:
        await delivery.send(a_mail())

    # certain where the end of the connection is seen before the mail is written, and unknown where it crosses it
    assert (type(failed.value), failed.value.stage) in {(TemporaryFailure, Stage.DATA), (OutcomeUnknown, Stage.DOT)}
    assert smtp.accepted == []
    await delivery.close()


async def test_nobody_at_the_port_is_a_temporary_failure() -> None:
    async with ScriptedSmtp().running() as gone:
        settings = server(gone)

    with pytest.raises(TemporaryFailure) as failed:
        await SmtpDelivery(settings).send(a_mail())

    assert failed.value.stage == Stage.CONNECT


async def test_mail_whose_time_is_over_before_the_dot_was_not_sent(smtp: ScriptedSmtp) -> None:
    smtp.at(Stage.DATA, hangs)
    delivery = SmtpDelivery(server(smtp, send_timeout=1))

    with pytest.raises(TemporaryFailure) as failed:
        await delivery.send(a_mail())

    assert failed.value.stage == Stage.DATA
    await delivery.close()


async def test_server_without_starttls_gets_no_mail() -> None:
    async with ScriptedSmtp(extensions=("AUTH PLAIN",)).running() as smtp:
        delivery = SmtpDelivery(server(smtp))

        with pytest.raises(TemporaryFailure) as failed:
            await delivery.send(a_mail())

        assert failed.value.stage == Stage.STARTTLS
        assert [command.split(" ")[0] for command in smtp.commands] == ["EHLO"]
        await delivery.close()


async def test_server_that_offers_no_log_in_after_tls_gets_no_mail() -> None:
    async with ScriptedSmtp(extensions=("STARTTLS",)).running() as smtp:
        delivery = SmtpDelivery(server(smtp))

        with pytest.raises(TemporaryFailure) as failed:
            await delivery.send(a_mail())

        assert failed.value.stage == Stage.AUTH
        await delivery.close()


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_certificate_that_is_not_trusted_ends_the_conversation(scheme: str) -> None:
    async with ScriptedSmtp(implicit_tls=scheme == "smtps").running() as smtp:
        delivery = SmtpDelivery(SmtpServer.from_url(f"{scheme}://user:secret@127.0.0.1:{smtp.port}"))

        with pytest.raises(TemporaryFailure, match="no secure connection") as failed:
            await delivery.send(a_mail())

        assert failed.value.stage == (Stage.STARTTLS if scheme == "smtp" else Stage.CONNECT)
        assert smtp.accepted == []
        await delivery.close()


async def test_answer_that_was_slipped_in_before_tls_is_forgotten(
    smtp: ScriptedSmtp,
) -> None:
    # whoever sits on the line answers the EHLO that only comes under TLS (RFC 3207, 6)
    smtp.at(Stage.STARTTLS, answers("220 go ahead", "250-scripted", "250 AUTH LOGIN"))
    delivery = SmtpDelivery(server(smtp))

    await delivery.send(a_mail())

    assert [accepted.encrypted for accepted in smtp.accepted] == [True]
    await delivery.close()
