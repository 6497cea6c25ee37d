"""Several mails at the same time, each over a connection of its own, and no more connections than that takes."""

import asyncio

import pytest
from tests.notify.samples import a_mail
from tests.notify.scripted_smtp import Line, ScriptedSmtp, answers

from contract_notify import DeliveryPool, PermanentFailure, SmtpDelivery, SmtpServer
from contract_notify.delivery.replies import Stage


def pool(smtp: ScriptedSmtp, connections: int) -> DeliveryPool:
    server = SmtpServer.from_url(f"smtp://127.0.0.1:{smtp.port}?starttls=never")
    return DeliveryPool(SmtpDelivery(server) for _ in range(connections))


async def test_mails_one_after_the_other_share_one_connection(smtp: ScriptedSmtp) -> None:
    delivery = pool(smtp, 3)
    for number in range(5):
        await delivery.send(a_mail(message_id=f"<{number}@example.jp>"))
    await delivery.close()
    assert (smtp.connections, len(smtp.accepted)) == (1, 5)


async def test_as_many_mails_are_under_way_as_there_are_connections_and_the_others_wait(smtp: ScriptedSmtp) -> None:
    under_way, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def waits(line: Line) -> None:
        under_way.release()
        await go_on.wait()
        await line.say("250 accepted")

    for _ in range(2):
        smtp.at(Stage.DOT, waits)
    delivery = pool(smtp, 2)
    sending = [asyncio.create_task(delivery.send(a_mail(message_id=f"<{number}@example.jp>"))) for number in range(5)]
    async with asyncio.timeout(30):
        for _ in range(2):
            await under_way.acquire()
    assert len(smtp.accepted) == 2
    go_on.set()
    await asyncio.gather(*sending)
    await delivery.close()
    assert (smtp.connections, len(smtp.accepted)) == (2, 5)


def test_somebody_must_be_there_to_deliver() -> None:
    with pytest.raises(ValueError, match="at least one"):
        DeliveryPool(())


async def test_a_mail_that_fails_gives_its_turn_back(smtp: ScriptedSmtp) -> None:
    delivery = pool(smtp, 1)
    smtp.at(Stage.RCPT, answers("550 5.1.1 nobody"))
    with pytest.raises(PermanentFailure):
        await delivery.send(a_mail(message_id="<1@example.jp>"))
    await delivery.send(a_mail(message_id="<2@example.jp>"))
    await delivery.close()
    assert len(smtp.accepted) == 1
