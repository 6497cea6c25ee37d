"""The demonstration data: made once, and restored on request."""

from contract_rules import EventType
from contract_server.accounts.models import Account
from contract_server.contracts.models import Contract, ContractEvent, Member
from contract_server.development.demo.people import CONTRACTS
from contract_server.development.demo.seed import reset, seed_if_empty
from contract_server.services import Services


async def test_a_database_with_accounts_is_not_seeded_again(services: Services) -> None:
    await Account.filter(email=CONTRACTS[0].email).update(name="changed")
    assert await seed_if_empty(services) is False
    assert (await Account.get(email=CONTRACTS[0].email)).name == "changed"


async def test_a_reset_restores_every_contract_with_its_past(services: Services) -> None:
    await Member.all().delete()
    await Contract.all().update(version=99)
    await reset(services)
    for contract in CONTRACTS:
        events = [event.type for event in await ContractEvent.filter(contract_id=contract.id)]
        days = contract.terminated_days_ago
        assert EventType.STARTED in events
        assert (EventType.TERMINATION_REQUESTED in events) is (days is not None)
        assert (EventType.SERVICE_ENDED in events) is (days is not None and days > 14)
        assert (await Contract.get(id=contract.id)).version == len(events)
        assert await Member.filter(contract_id=contract.id).count() == contract.members


async def test_a_reset_deletes_mails(services: Services) -> None:
    folder = services.settings.mail_dir
    assert folder is not None
    folder.mkdir(exist_ok=True)
    (folder / "1.eml").touch()
    await reset(services)
    assert list(folder.glob("*.eml")) == []
