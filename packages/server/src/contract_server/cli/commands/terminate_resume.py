"""The commands that act for a contractor who asked by telephone or letter. The reason is stored with the event."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from contract_rules import Action, Actor, DeadlineKind, Language, Refused, decide, explain_deadline, explain_refusal
from contract_server.accounts.models import Role
from contract_server.accounts.viewer import Viewer
from contract_server.cli.acting_as import As, with_services_as
from contract_server.cli.commands.contracts import ContractId, describe, require_contract
from contract_server.cli.exit_status import Refusal
from contract_server.cli.output import Json, echo, show_json
from contract_server.cli.prompts import Yes, confirm, require_reason
from contract_server.contracts.result import ActionRefused, ContractNotFound, NotPossible, StaleContract
from contract_server.contracts.service import ContractRequest
from contract_server.graphql.operations.problems import NOT_POSSIBLE
from contract_server.services import Services

Reason = Annotated[
    str, typer.Option(help="The reason (1 to 500 characters); stored until the contract's data is erased.")
]

# who can run this command has the rights of an operator, without an account
_NO_ACCOUNT = UUID(int=0)
OPERATOR = Viewer(
    _NO_ACCOUNT, _NO_ACCOUNT, "contract-server", "", Role.OPERATOR, None, datetime.max.replace(tzinfo=UTC)
)

_INTRODUCTIONS: dict[Action, list[str]] = {Action.TERMINATE: [], Action.RESUME: ["These dates no longer apply:"]}
"""The lines before the dates, by action."""


def terminate(contract: ContractId, reason: Reason, as_: As = None, yes: Yes = False, json: Json = False) -> None:
    """Terminate a contract (契約終了) for its contractor, who gets the usual mail.

    Shows the resulting dates, and asks for confirmation.

    Example: contract-server terminate 018f0000-0000-7000-8000-000000000001 --reason "電話での申請, 受付 2024-017"
    """
    _confirm_and_execute(Action.TERMINATE, contract, reason, as_, yes=yes, json=json)


def resume(contract: ContractId, reason: Reason, as_: As = None, yes: Yes = False, json: Json = False) -> None:
    """Resume a contract (契約再開) for its contractor, within the window; the contractor gets the usual mail.

    Shows the dates that no longer apply, and asks for confirmation.

    Example: contract-server resume 018f0000-0000-7000-8000-000000000002 --reason "電話での申請, 受付 2024-018" --yes
    """
    _confirm_and_execute(Action.RESUME, contract, reason, as_, yes=yes, json=json)


def _confirm_and_execute(
    action: Action, contract_id: UUID, reason: str, email: str | None, *, yes: bool, json: bool
) -> None:
    note = require_reason(reason)
    version, dates = with_services_as(email, lambda services: _preview(services, action, contract_id))
    if not yes:
        echo(*dates, err=True)
    confirm(f"{action.value.capitalize()} contract {contract_id}?", yes=yes)
    request = ContractRequest(action=action, contract_id=contract_id, expected_version=version, note=note)
    contract = with_services_as(email, lambda services: execute(services, request))
    if json:
        show_json(contract)
    else:
        echo(f"The contract is {contract['status']}; the contractor gets a mail.")


async def _preview(services: Services, action: Action, contract_id: UUID) -> tuple[int, list[str]]:
    """Return the version of the contract, and the dates that the action would set or withdraw now.

    Raises:
        Refusal: The action is not possible.
    """
    contract = await require_contract(contract_id)
    now = await services.clock.now()
    decision = decide(services.policies.in_force_at(now), contract.facts, action, Actor.OPERATOR, now)
    if isinstance(decision, Refused):
        raise _refusal(services, decision)
    application = decision.facts.application or contract.facts.application
    assert application is not None  # noqa: S101 - one action makes an application, the other withdraws one
    dates = [
        explain_deadline(kind, application.timeline, services.policies.registry, Language.EN) for kind in DeadlineKind
    ]
    return contract.facts.version, [*_INTRODUCTIONS[action], *dates]


async def execute(services: Services, request: ContractRequest) -> dict[str, Any]:
    """Carry out a request, and return everything stored about the contract.

    Raises:
        Refusal: The request is not possible.
    """
    try:
        await services.contracts.execute(OPERATOR, request)
    except ActionRefused as refused:
        raise _refusal(services, refused.refusal) from None
    except ContractNotFound:
        raise Refusal("there is no such contract; see `contract-server contracts list`") from None
    except NotPossible as error:
        raise Refusal(NOT_POSSIBLE[error.obstacle][Language.EN]) from None
    except StaleContract:
        raise Refusal("the contract has changed since you looked: run the command again") from None
    return await describe(services, request.contract_id)


def _refusal(services: Services, refused: Refused) -> Refusal:
    return Refusal(explain_refusal(refused, services.policies.registry, Language.EN))
