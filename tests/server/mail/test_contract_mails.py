"""The mails of a contract are listed with their delivery, never with text or address."""

from tests.server.workbench import ERASURE_DUE_AT, Workbench

from contract_server.mail.contract_mails import ContractMail, find_mails
from contract_server.mail.models import MailState, OutboxMail


async def test_a_mail_shows_its_state_and_nothing_of_its_content(bench: Workbench) -> None:
    contract_id, other = await bench.terminated_contract(), await bench.terminated_contract()
    await OutboxMail.filter(contract_id=contract_id).update(state=MailState.FAILED, attempts=3, failure="Rejected")
    found = await find_mails([contract_id, other])
    (mail,) = found[contract_id]
    assert (mail.kind, mail.state, mail.attempts, mail.failure) == (
        "termination_accepted",
        MailState.FAILED,
        3,
        "Rejected",
    )
    assert not {"recipient", "subject", "body"} & set(ContractMail._fields)
    assert [mail.state for mail in found[other]] == [MailState.PENDING]


async def test_mails_are_listed_newest_first_and_none_is_left_after_the_erasure(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    (first,) = (await find_mails([contract_id]))[contract_id]
    row = await OutboxMail.get(id=first.id)
    await OutboxMail.create(
        contract_id=contract_id,
        kind="resumption_accepted",
        message_id="<another>",
        dated_at=row.dated_at,
        recipient=row.recipient,
        subject="",
        body="",
        next_attempt_at=row.next_attempt_at,
    )
    assert [mail.kind for mail in (await find_mails([contract_id]))[contract_id]] == [
        "resumption_accepted",
        "termination_accepted",
    ]
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert await find_mails([contract_id]) == {}
