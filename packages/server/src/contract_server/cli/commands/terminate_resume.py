"""Acting on behalf of a contractor who has asked for it by telephone or letter. The reason is kept with the event."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from contract_rules import Action, Actor, DeadlineKind, Language, Refused, decide, explain_deadline, explain_refusal
from contract_server.accounts.models import Role
from contract_server.accounts.viewer import Viewer
from contract_server.cli.bootstrap import with_services
from contract_server.cli.commands.contracts import ContractId, describe, require_contract
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.output import Json, show_json
from contract_server.cli.prompts import Yes, confirm
from contract_server.contracts.result import ActionRefused, StaleContract
from contract_server.contracts.service import ContractRequest
from contract_server.services import Services

LONGEST_REASON = 500

Reason = Annotated[
    str, typer.Option(help="Why, in your own words (1 to 500 characters): kept until the contract's data is erased.")
]

# whoever may run this command may do what operators may; there is no account behind it
_NOBODY = UUID(int=0)
_OPERATOR = Viewer(_NOBODY, _NOBODY, "contract-server", "", Role.OPERATOR, None, datetime.max.replace(tzinfo=UTC))

_INTRODUCTIONS: dict[Action, list[str]] = {Action.TERMINATE: [], Action.RESUME: ["These dates are taken back:"]}
"""What is said before the dates, by the actions that these commands perform."""


def terminate(contract: ContractId, reason: Reason, yes: Yes = False, json: Json = False) -> None:
    """契約終了 on behalf of the contractor, who gets the same mail as if they had clicked.

    Shows the dates that follow, and asks.

    Example: contract-server terminate 018f0000-0000-7000-8000-000000000001 --reason "電話での申請, 受付 2024-017"
    """
    _act(Action.TERMINATE, contract, reason, yes=yes, json=json)


def resume(contract: ContractId, reason: Reason, yes: Yes = False, json: Json = False) -> None:
    """契約再開 on behalf of the contractor, while it is possible; they get the same mail as if they had clicked.

    Shows the dates that are taken back, and asks.

    Example: contract-server resume 018f0000-0000-7000-8000-000000000002 --reason "電話での申請, 受付 2024-018" --yes
    """
    _act(Action.RESUME, contract, reason, yes=yes, json=json)


def _act(action: Action, contract_id: UUID, reason: str, *, yes: bool, json: bool) -> None:
    note = reason.strip()
    if not 1 <= len(note) <= LONGEST_REASON:
        raise Refusal(f"--reason: expected 1 to {LONGEST_REASON} characters", Status.MISUNDERSTOOD)
    version, dates = with_services(lambda services: _look_ahead(services, action, contract_id))
    if not yes:
        for line in dates:
            typer.echo(line, err=True)
    confirm(f"{action.value.capitalize()} contract {contract_id}?", yes=yes)
    request = ContractRequest(action=action, contract_id=contract_id, expected_version=version)
    found = with_services(lambda services: _perform(services, request, note))
    if json:
        show_json(found)
    else:
        typer.echo(f"The contract is {found['status']}; the contractor gets a mail.")


async def _look_ahead(services: Services, action: Action, contract_id: UUID) -> tuple[int, list[str]]:
    """The version of the contract as it stands, and what follows if it is done now.

    Raises:
        Refusal: It cannot be done.
    """
    contract = await require_contract(contract_id)
    now = await services.clock.now()
    decision = decide(services.policies.in_force_at(now), contract.facts, action, Actor.OPERATOR, now)
    if isinstance(decision, Refused):
        raise _in_words(services, decision)
    application = decision.facts.application or contract.facts.application
    assert application is not None  # noqa: S101 - one of them is applied for, the other takes one back
    dates = [
        explain_deadline(kind, application.timeline, services.policies.registry, Language.EN) for kind in DeadlineKind
    ]
    return contract.facts.version, [*_INTRODUCTIONS[action], *dates]


async def _perform(services: Services, request: ContractRequest, note: str) -> dict[str, Any]:
    try:
        await services.contracts.execute(_OPERATOR, request, note=note)
    except ActionRefused as refused:
        raise _in_words(services, refused.refusal) from None
    except StaleContract:
        raise Refusal("the contract has changed since you looked: run the command again") from None
    return await describe(services, request.contract_id)


def _in_words(services: Services, refused: Refused) -> Refusal:
    return Refusal(explain_refusal(refused, services.policies.registry, Language.EN))
