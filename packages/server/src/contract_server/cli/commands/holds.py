"""The commands that put the erasure of a contract on hold for a case, and release the hold."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from contract_rules import Action
from contract_server.cli.acting_as import As, with_services_as
from contract_server.cli.commands.contracts import ContractId, require_contract
from contract_server.cli.commands.terminate_resume import execute
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.output import echo
from contract_server.cli.prompts import require_reason
from contract_server.contracts.holds.records import HoldRecord, HoldTerms, find_holds, require_reference
from contract_server.contracts.service import ContractRequest
from contract_server.policies.policies import PastDay
from contract_server.services import Services
from contract_server.visible_text import InvalidValue


def hold(
    contract: ContractId,
    reason: Annotated[str, typer.Option(help="The reason (1 to 500 characters); stored until the erasure.")],
    reference: Annotated[
        str | None, typer.Option(help="The number of the case: letters, digits, . _ / -; survives the erasure.")
    ] = None,
    review_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on, `doctor` reminds of the hold.")
    ] = None,
    as_: As = None,
) -> None:
    """Put the erasure of a contract on hold, for a dispute or a court order. Other dates stand.

    A contract may be on hold for several cases, each released by itself.

    Example: contract-server hold 018f0000-0000-7000-8000-000000000002 --reference 2024-017 --reason "係争中"
    """
    note, case = require_reason(reason), _reference(reference)

    async def run(services: Services) -> None:
        terms = HoldTerms(case, await _read_review(services, review_on))
        request = ContractRequest(action=Action.HOLD_ERASURE, contract_id=contract, note=note, terms=terms)
        await execute(services, request)

    with_services_as(as_, run)
    echo("The erasure is on hold.")


async def _read_review(services: Services, day: datetime | None) -> datetime | None:
    try:
        return services.policies.start_of_coming(day.date(), await services.clock.now()) if day else None
    except PastDay:
        raise Refusal("--review-on: expected a day that has not passed", Status.MISUNDERSTOOD) from None


def release(
    contract: ContractId,
    reason: Annotated[str, typer.Option(help="The reason (1 to 500 characters); stored until the erasure.")],
    reference: Annotated[
        str | None, typer.Option(help="The number of the case whose hold is released; needed if there are several.")
    ] = None,
    id_: Annotated[
        UUID | None, typer.Option("--id", help="The hold's id, where the number is no hold's or that of several.")
    ] = None,
    as_: As = None,
) -> None:
    """Release a hold on an erasure. If it fell due meanwhile, the sweep after the last release carries it out.

    Example: contract-server release 018f0000-0000-7000-8000-000000000002 --reference 2024-017 --reason "和解成立"
    """
    note, case = require_reason(reason), _reference(reference)

    async def run(services: Services) -> list[HoldRecord]:
        await require_contract(contract)
        hold_id = id_ or _find(await _holds_of(contract), case)
        request = ContractRequest(action=Action.RELEASE_ERASURE_HOLD, contract_id=contract, note=note, hold_id=hold_id)
        await execute(services, request)
        return [hold for hold in await _holds_of(contract) if hold.released_at is None]

    left = with_services_as(as_, run)
    echo(f"The hold is released. Still in force: {_list(left)}." if left else "The erasure is not on hold.")


async def _holds_of(contract: UUID) -> list[HoldRecord]:
    return (await find_holds([contract])).get(contract, [])


def _find(holds: Sequence[HoldRecord], case: str | None) -> UUID | None:
    """Return the id of the hold for this case, of the released ones only if none in force is; None without holds.

    Raises:
        Refusal: None or several are meant.
    """
    in_force = [hold for hold in holds if hold.released_at is None]
    if case is None and not in_force:
        return None
    meant = [hold for hold in in_force if case in (None, hold.reference)]
    released = [hold for hold in holds if hold.released_at and hold.reference == case][:1]
    match meant or released:
        case [hold]:
            return hold.id
        case _:
            raise Refusal(f"expected one hold by --reference or --id; in force: {_list(in_force) or 'none'}")


def _list(holds: Sequence[HoldRecord]) -> str:
    return ", ".join(f"{hold.reference or 'no reference'} (--id {hold.id})" for hold in holds)


def _reference(text: str | None) -> str | None:
    try:
        return None if text is None else require_reference(text)
    except InvalidValue as error:
        raise Refusal(f"--reference: {error}", Status.MISUNDERSTOOD) from None
