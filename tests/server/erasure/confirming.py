"""Erased contracts, services that are to confirm it, and their answers."""

from datetime import date
from uuid import UUID

from tests.server.workbench import APPLIED_AT, ERASURE_DUE_AT, Workbench, status_of

from contract_rules import Status
from contract_server.erasure.confirmations import CONFIRMED_WITHIN, Answer, Confirmation, Confirmations
from contract_server.erasure.models import ConfirmedOutcome
from contract_server.integration.models import Scope, ServiceAccount
from contract_server.policies.policies import served_policies

DONE, NOTHING_HELD = Answer(ConfirmedOutcome.DONE), Answer(ConfirmedOutcome.NOTHING_HELD)
LAST_DAY = date(2024, 5, 31)
AFTER_LAST_DAY = ERASURE_DUE_AT.replace(month=6, day=1)
RETAINED = Answer(ConfirmedOutcome.RETAINED, "電子帳簿保存法 4条", LAST_DAY)
OVERDUE_AT = ERASURE_DUE_AT + CONFIRMED_WITHIN


async def service(name: str = "backups", *scopes: Scope) -> UUID:
    """Add a service with the scope for erasures, or others."""
    written = " ".join(scopes or (Scope.ERASURES,))
    return (await ServiceAccount.create(name=name, scopes=written, created_at=APPLIED_AT)).id


async def erased_contract(bench: Workbench) -> UUID:
    bench.clock.instant = APPLIED_AT
    contract_id = await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert await status_of(contract_id) is Status.ERASED
    return contract_id


async def confirm(
    bench: Workbench, contract_id: UUID, service_id: UUID, answer: Answer = DONE, name: str = "backups"
) -> Confirmation:
    confirmations = Confirmations(bench.clock, served_policies())
    return await confirmations.confirm(contract_id, service_id, name, answer)
