"""People who log in: operators and contractors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import typer

from contract_notify import InvalidAddress, require_address
from contract_server.accounts.credentials import LONGEST_PASSWORD, SHORTEST_PASSWORD, UnsuitablePassword
from contract_server.cli.bootstrap import with_services
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.prompts import ask_password
from contract_server.contracts.result import ContractNotFound
from contract_server.onboarding import accounts
from contract_server.onboarding.accounts import (
    AccountNotFound,
    ContractErased,
    ContractHasContractor,
    EmailTaken,
)
from contract_server.onboarding.checks import LONGEST_NAME, InvalidValue, short

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]

_REFUSALS: dict[type[Exception], str] = {
    AccountNotFound: "nobody has this address; see how it is written",
    EmailTaken: "somebody has this address already; `user password` gives them a new password",
    ContractErased: "the contract's data was erased, and nobody becomes its contractor again",
    ContractHasContractor: "the contract has its contractor already",
    ContractNotFound: "there is no such contract; see `contracts list`",
}

cli = typer.Typer(no_args_is_help=True, help="Operators and contractors: add, new password, unlock.")


@cli.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="The person's name.")],
    contract: Annotated[UUID | None, typer.Option(help="Whose contractor it is; an operator without it.")] = None,
) -> None:
    """Add an operator, or the contractor of a contract that has none.

    The password is asked for, or read from standard input: it is never part of the command line.

    Example: contract-server user add operator@example.jp --name "運用 太郎"
    """
    address, written, password = _address(email), _name(name), ask_password()
    with _refused_in_words():
        with_services(
            lambda services: accounts.add_account(
                services.passwords, email=address, name=written, password=password, contract_id=contract
            )
        )
    typer.echo("The operator was added." if contract is None else "The contractor was added.")


@cli.command()
def password(email: Email) -> None:
    """Give somebody a new password, and log them out everywhere.

    Example: contract-server user password operator@example.jp < password.txt
    """
    chosen = ask_password()
    with _refused_in_words():
        with_services(lambda services: accounts.set_password(services.passwords, email, chosen))
    typer.echo("The password was replaced; whoever was logged in with it is logged out.")


@cli.command()
def unlock(email: Email) -> None:
    """Let somebody try again at once who has to wait after too many tries for their address.

    The limits of one source and of all together stay as they are.

    Example: contract-server user unlock keiyaku@example.jp
    """
    with _refused_in_words():
        with_services(lambda services: accounts.unlock(services.log_ins, services.password_resets, email))
    typer.echo("Nothing is counted against this account any more.")


@contextmanager
def _refused_in_words() -> Iterator[None]:
    try:
        yield
    except UnsuitablePassword:
        raise Refusal(
            f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters", Status.MISUNDERSTOOD
        ) from None
    except tuple(_REFUSALS) as refusal:
        raise Refusal(_REFUSALS[type(refusal)]) from None


def _address(text: str) -> str:
    try:
        return require_address(text)
    except InvalidAddress as error:
        raise Refusal(f"EMAIL: expected one plain address: {error}", Status.MISUNDERSTOOD) from None


def _name(text: str) -> str:
    name = text.strip()
    try:
        if name:
            return short(name, LONGEST_NAME)
    except InvalidValue as error:
        raise Refusal(f"--name: {error}", Status.MISUNDERSTOOD) from None
    raise Refusal("--name: expected a name", Status.MISUNDERSTOOD)
