"""Each change sends its own mail, and none sends another one's."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from tests.server.workbench import OPERATOR, Workbench, contract_of, status_of

from contract_notify import ResumptionAccepted, TerminationAccepted
from contract_rules import Action, Actor, Facts, Granted, MailKind, Status, decide, new_contract, shipped_policies
from contract_server.accounts.models import Account, Role
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.notifications import Notifications
from contract_server.contracts.result import NotPossible
from contract_server.contracts.service import ContractRequest
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.mail.outbox import Outbox

NOW = datetime(2024, 3, 1, 9, 30, tzinfo=UTC)
VIEWER = Viewer(UUID(int=1), UUID(int=2), "山田", "yamada@example.jp", Role.CONTRACTOR, UUID(int=3), NOW)


def terminated() -> Facts:
    decision = decide(shipped_policies().in_force_at(NOW), new_contract(), Action.TERMINATE, Actor.CONTRACTOR, NOW)
    assert isinstance(decision, Granted)
    return decision.facts


def kind_of_mail(bench: Workbench, facts: Facts, kind: MailKind) -> object:
    contract = ContractSnapshot(id=UUID(int=3), started_on=NOW.date(), facts=facts)
    return Notifications(Outbox(bench.settings)).row(contract, VIEWER, "株式会社山田", NOW, kind)["kind"]


async def test_every_kind_of_mail_is_its_own(bench: Workbench) -> None:
    sent = {kind: kind_of_mail(bench, terminated(), kind) for kind in MailKind}
    assert sent == {
        MailKind.TERMINATION_ACCEPTED: TerminationAccepted.kind,
        MailKind.RESUMPTION_ACCEPTED: ResumptionAccepted.kind,
    }


async def test_a_mail_that_does_not_exist_is_not_sent_as_another(bench: Workbench) -> None:
    unknown: Any = "PAUSE_ACCEPTED"
    with pytest.raises(KeyError, match="PAUSE_ACCEPTED"):
        kind_of_mail(bench, terminated(), unknown)


async def test_a_termination_without_an_application_is_not_told_as_a_resumption(bench: Workbench) -> None:
    with pytest.raises(AssertionError):
        kind_of_mail(bench, new_contract(), MailKind.TERMINATION_ACCEPTED)


@pytest.mark.parametrize("kind", MailKind)
async def test_a_mail_without_a_recipient_is_not_possible(bench: Workbench, kind: MailKind) -> None:
    contract = ContractSnapshot(id=UUID(int=3), started_on=NOW.date(), facts=terminated())
    with pytest.raises(NotPossible, match="NO_CONTRACTOR"):
        Notifications(Outbox(bench.settings)).row(contract, None, "株式会社山田", NOW, kind)


async def test_an_operator_does_not_act_for_a_contractor_who_has_no_account(bench: Workbench) -> None:
    contractor = await bench.contract()
    await Account.filter(id=contractor.account_id).delete()
    request = ContractRequest(action=Action.TERMINATE, contract_id=contract_of(contractor), note="電話")
    with pytest.raises(NotPossible, match="NO_CONTRACTOR"):
        await bench.requests.execute(OPERATOR, request)
    assert await status_of(contract_of(contractor)) is Status.ACTIVE
