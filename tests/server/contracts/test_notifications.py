"""Each change sends its own mail, and none sends another one's."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from tests.server.workbench import Workbench

from contract_notify import ResumptionAccepted, TerminationAccepted
from contract_rules import Action, Actor, Facts, Granted, MailKind, decide, new_contract, shipped_policies
from contract_server.accounts.models import Role
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.notifications import Notifications
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
    return Notifications(Outbox(bench.settings)).row(contract, VIEWER, NOW, kind)["kind"]


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
