"""The commands that put the erasure of a contract on hold, and release it."""

from datetime import datetime
from typing import Annotated

import typer

from contract_rules import Action
from contract_server.cli.acting_as import As, with_services_as
from contract_server.cli.commands.contracts import ContractId
from contract_server.cli.commands.terminate_resume import execute
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.output import echo
from contract_server.cli.prompts import require_reason
from contract_server.contracts.holds import HoldTerms, require_reference
from contract_server.contracts.service import ContractRequest
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

    Example: contract-server hold 018f0000-0000-7000-8000-000000000002 --reference 2024-017 --reason "係争中"
    """
    note, case = require_reason(reason), _reference(reference)

    async def run(services: Services) -> None:
        if review_on and review_on.date() < services.policies.today(await services.clock.now()):
            raise Refusal("--review-on: expected a day that has not passed", Status.MISUNDERSTOOD)
        terms = HoldTerms(case, services.policies.start_of(review_on) if review_on else None)
        request = ContractRequest(action=Action.HOLD_ERASURE, contract_id=contract, note=note, terms=terms)
        await execute(services, request)

    with_services_as(as_, run)
    echo("The erasure is on hold.")


def release(
    contract: ContractId,
    reason: Annotated[str, typer.Option(help="The reason (1 to 500 characters); stored until the erasure.")],
    as_: As = None,
) -> None:
    """Release the hold on an erasure. If it fell due meanwhile, the next sweep carries it out.

    Example: contract-server release 018f0000-0000-7000-8000-000000000002 --reason "和解成立"
    """
    note = require_reason(reason)
    request = ContractRequest(action=Action.RELEASE_ERASURE_HOLD, contract_id=contract, note=note)
    with_services_as(as_, lambda services: execute(services, request))
    echo("The erasure is not on hold.")


def _reference(text: str | None) -> str | None:
    try:
        return None if text is None else require_reference(text)
    except InvalidValue as error:
        raise Refusal(f"--reference: {error}", Status.MISUNDERSTOOD) from None
