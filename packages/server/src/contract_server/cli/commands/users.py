"""The commands for the accounts of operators and contractors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import typer

from contract_rules import Language
from contract_server.accounts.passwords.rules import UnsuitablePassword
from contract_server.cli.acting_as import As, with_services_as
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.output import echo
from contract_server.cli.prompts import ask_password
from contract_server.contracts.result import ContractNotFound
from contract_server.graphql.operations.problems import UNSUITABLE_PASSWORD
from contract_server.onboarding import accounts, checks
from contract_server.onboarding.accounts import (
    AccountNotFound,
    ContractErased,
    ContractHasContractor,
    EmailTaken,
)
from contract_server.visible_text import InvalidValue, require_line

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]

_REFUSALS: dict[type[Exception], str] = {
    AccountNotFound: "no account has this address; check how it is written",
    EmailTaken: "an account has this address already; `user password` sets its password",
    ContractErased: "the contract's data was erased; it cannot get a contractor again",
    ContractHasContractor: "the contract has a contractor already",
    ContractNotFound: "there is no such contract; see `contracts list`",
}

cli = typer.Typer(no_args_is_help=True, help="Operators and contractors: add, new password, unlock.")


@cli.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="The person's name.")],
    contract: Annotated[UUID | None, typer.Option(help="The contractor's contract; without it, an operator.")] = None,
    as_: As = None,
) -> None:
    """Add an operator, or the contractor of a contract that has none.

    The password is typed at a prompt, or read from standard input: it is never part of the command line.

    Example: contract-server user add operator@example.jp --name "運用 太郎"
    """
    address, full_name, password = _address(email), _name(name), ask_password()
    with _refusals_in_words():
        with_services_as(
            as_,
            lambda services: accounts.add_account(
                services.passwords, email=address, name=full_name, password=password, contract_id=contract
            ),
        )
    echo("The operator was added." if contract is None else "The contractor was added.")


@cli.command()
def password(email: Email, as_: As = None) -> None:
    """Set a new password. All sessions of the account end, and its owner gets a mail.

    Example: contract-server user password operator@example.jp < password.txt
    """
    chosen = ask_password()
    with _refusals_in_words():
        with_services_as(
            as_, lambda services: accounts.set_password(services.passwords, services.password_changes, email, chosen)
        )
    echo("The password was replaced; all sessions of the account have ended.")


@cli.command()
def unlock(email: Email, as_: As = None) -> None:
    """Let an account log in again at once after too many failures.

    The limits for one network and for all clients together are not changed.

    Example: contract-server user unlock keiyaku@example.jp
    """
    with _refusals_in_words():
        with_services_as(as_, lambda services: accounts.unlock(services.log_ins, services.password_resets, email))
    echo("The failures of this account are no longer counted.")


@contextmanager
def _refusals_in_words() -> Iterator[None]:
    try:
        yield
    except UnsuitablePassword as refusal:
        raise Refusal(UNSUITABLE_PASSWORD[refusal.problem][Language.EN], Status.MISUNDERSTOOD) from None
    except tuple(_REFUSALS) as refusal:
        raise Refusal(_REFUSALS[type(refusal)]) from None


def _address(text: str) -> str:
    try:
        return checks.email(text)
    except InvalidValue as error:
        raise Refusal(f"EMAIL: {error}", Status.MISUNDERSTOOD) from None


def _name(text: str) -> str:
    try:
        return require_line(text, checks.LONGEST_NAME)
    except InvalidValue as error:
        raise Refusal(f"--name: {error}", Status.MISUNDERSTOOD) from None
