import pytest
from tests.notify.samples import a_mail

from contract_notify import MemoryDelivery, OutcomeUnknown, PermanentFailure, TemporaryFailure


async def test_accepted_mails_are_kept_oldest_first() -> None:
    delivery = MemoryDelivery()
    first, second = a_mail(message_id="<1@example.jp>"), a_mail(message_id="<2@example.jp>")

    await delivery.send(first)
    await delivery.send(second)
    await delivery.close()

    assert delivery.sent == [first, second]


async def test_failures_come_in_the_order_in_which_they_were_ordered_and_then_end() -> None:
    delivery = MemoryDelivery()
    delivery.fail_next(TemporaryFailure("busy"), times=2)
    delivery.fail_next(PermanentFailure("never"))

    for failure in (TemporaryFailure, TemporaryFailure, PermanentFailure):
        with pytest.raises(failure):
            await delivery.send(a_mail())
    assert delivery.sent == []

    await delivery.send(a_mail())
    assert len(delivery.sent) == 1


async def test_answer_can_get_lost_after_the_mail_was_accepted() -> None:
    delivery = MemoryDelivery()
    delivery.fail_next(OutcomeUnknown("no answer"), accepted=True)

    with pytest.raises(OutcomeUnknown):
        await delivery.send(a_mail())

    assert len(delivery.sent) == 1


async def test_failures_that_did_not_happen_can_be_called_off() -> None:
    delivery = MemoryDelivery()
    delivery.fail_next(TemporaryFailure("busy"), times=100)

    delivery.recover()

    await delivery.send(a_mail())
