"""The operator of a command that changes something, for the audit trail."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer

from contract_notify import normalize_address
from contract_server.accounts.email import find_account
from contract_server.accounts.models import Account, Role
from contract_server.audit.origin import Interface, Origin, set_origin
from contract_server.cli.bootstrap import Result, with_services
from contract_server.cli.exit_status import Refusal, Status
from contract_server.services import Services
from contract_server.settings import Settings

As = Annotated[
    str | None,
    typer.Option("--as", metavar="EMAIL", help="Your operator account, for the audit trail. Required in production."),
]


def with_services_as(email: str | None, operation: Callable[[Services], Awaitable[Result]]) -> Result:
    """Run `operation` as this operator, and return its result.

    Raises:
        Refusal: The operator is missing or unknown.
    """

    async def run(services: Services) -> Result:
        set_origin(Origin(Interface.COMMAND_LINE, await _find_operator(services.settings, email)))
        return await operation(services)

    return with_services(run)


async def _find_operator(settings: Settings, email: str | None) -> UUID | None:
    if email is None:
        if not settings.development and await Account.filter(role=Role.OPERATOR, disabled_at__isnull=True).exists():
            raise Refusal("--as: expected the address of your operator account", Status.MISUNDERSTOOD)
        return None  # the first operator cannot be added by one
    account = await find_account(normalize_address(email))
    if account is None or account.role is not Role.OPERATOR or account.disabled_at is not None:
        raise Refusal("--as: no enabled operator has this address; check how it is written", Status.MISUNDERSTOOD)
    return account.id
