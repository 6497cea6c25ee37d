"""The commands for the accounts of operators and contractors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer

from contract_rules import Language
from contract_server.accounts.administration.directory import ListedAccount, find_details, list_accounts
from contract_server.accounts.administration.disabling import LastOperator
from contract_server.accounts.email import EmailTaken
from contract_server.accounts.models import Role
from contract_server.accounts.passwords.rules import UnsuitablePassword
from contract_server.audit.log import LOG_INS_SHOWN, find_log_ins
from contract_server.cli.acting_as import As, with_services_as
from contract_server.cli.bootstrap import with_services
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.output import Json, Limit, echo, show_first, show_json, show_table
from contract_server.cli.prompts import ask_password
from contract_server.cli.refusals import refusals_in_words
from contract_server.cli.values import parse_contract_id
from contract_server.contracts.result import ContractNotFound
from contract_server.graphql.operations.problems import UNSUITABLE_PASSWORD
from contract_server.onboarding import accounts, checks
from contract_server.onboarding.accounts import (
    AccountNotFound,
    ContractErased,
    ContractHasContractor,
    NotAnOperator,
)
from contract_server.onboarding.transfer import NotAContractor, transfer_contract
from contract_server.services import Services
from contract_server.visible_text import InvalidValue, require_line

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]
NewEmail = Annotated[str, typer.Argument(help="The new e-mail address.")]
Name = Annotated[str, typer.Argument(help="The person's name.")]

_Row = dict[str, Any]

_LISTED = ("id", "email", "name", "role", "contract", "disabled_at", "second_factor_since")

_REFUSALS: dict[type[Exception], str] = {
    AccountNotFound: "no account has this address; check how it is written",
    EmailTaken: "an account has this address already; `user password` sets its password",
    ContractErased: "the contract's data was erased; it cannot get a contractor again",
    ContractHasContractor: "the contract has a contractor already",
    ContractNotFound: "there is no such contract; see `contracts list`",
    LastOperator: "this is the last enabled operator; add or enable another one first",
    NotAContractor: "this is an operator's account, which has no contract; name the contractor's",
    NotAnOperator: "this is a contractor's account; only operators have a second factor",
}

cli = typer.Typer(no_args_is_help=True)


@cli.command("list")
def list_(
    role: Annotated[Role | None, typer.Option(help="Only accounts of this role.")] = None,
    disabled: Annotated[
        bool | None, typer.Option("--disabled/--enabled", help="Only accounts that are disabled, or are not.")
    ] = None,
    limit: Limit = 1_000,
    json: Json = False,
) -> None:
    """List accounts, the newest first.

    Example: contract-server user list --role OPERATOR
    """
    listed = with_services(lambda _: list_accounts(limit + 1, role, disabled=disabled))
    show_first([name.replace("_", " ") for name in _LISTED], [asdict(account) for account in listed], limit, json=json)


@cli.command()
def show(email: Email, json: Json = False) -> None:
    """Show an account: its state, its sessions and its last log-ins.

    Example: contract-server user show operator@example.jp
    """
    with _refusals_in_words():
        account, sessions, log_ins = with_services(lambda services: _describe(services, email))
    if json:
        show_json({**account, "sessions": sessions, "log_ins": log_ins})
        return
    show_table(("account", ""), [(name.replace("_", " "), value) for name, value in account.items()])
    echo("")
    show_table(("session since", "last used", "until"), [list(session.values()) for session in sessions])
    echo("")
    show_table(("log-in", "by"), [list(log_in.values()) for log_in in log_ins])


@cli.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="The person's name.")],
    contract: Annotated[
        UUID | None,
        typer.Option(
            parser=parse_contract_id, metavar="CONTRACT", help="The contractor's contract; without it, an operator."
        ),
    ] = None,
    as_: As = None,
) -> None:
    """Add an operator, or the contractor of a contract that has none.

    The password is typed at a prompt, or read from standard input: it is never part of the command line. For an
    operator, a link is written by which the person registers a passkey, the second factor.

    Example: contract-server user add operator@example.jp --name "運用 太郎"
    """
    address, full_name, password = _address(email), _name(name), ask_password()

    async def add_account(services: Services) -> str | None:
        account = await accounts.add_account(
            services.passwords,
            services.registration_updates,
            email=address,
            name=full_name,
            password=password,
            contract_id=contract,
        )
        return await services.enrolments.create_link(account) if contract is None else None

    with _refusals_in_words():
        link = with_services_as(as_, add_account)
    echo("The contractor was added." if link is None else "The operator was added.", *_about(link))


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


@cli.command()
def enrol(email: Email, as_: As = None) -> None:
    """Write a link by which an operator registers a passkey. It is good once, for a day.

    The new passkey replaces earlier ones, with their recovery codes, and ends all sessions of the account.

    Example: contract-server user enrol operator@example.jp
    """
    with _refusals_in_words():
        link = with_services_as(as_, lambda services: accounts.create_enrolment_link(services.enrolments, email))
    echo(*_about(link))


@cli.command()
def disable(email: Email, as_: As = None) -> None:
    """Disable an account. Its sessions and links end at once, and it cannot log in until it is enabled.

    Example: contract-server user disable operator@example.jp
    """
    with _refusals_in_words():
        changed = with_services_as(as_, lambda _: accounts.disable(email))
    echo("The account is disabled; its sessions and links have ended." if changed else "It was disabled already.")


@cli.command()
def enable(email: Email, as_: As = None) -> None:
    """Enable a disabled account. Its owner can log in again; ended sessions and links stay ended.

    Example: contract-server user enable operator@example.jp
    """
    with _refusals_in_words():
        changed = with_services_as(as_, lambda _: accounts.enable(email))
    echo("The account is enabled." if changed else "It was enabled already.")


@cli.command()
def rename(email: Email, name: Name, as_: As = None) -> None:
    """Change the name of an account.

    Example: contract-server user rename keiyaku@example.jp "契約 花子"
    """
    full_name = _name(name, "NAME")
    with _refusals_in_words():
        with_services_as(as_, lambda services: accounts.rename(services.registration_updates, email, full_name))
    echo("The account has its new name.")


@cli.command("change-address")
def change_address(email: Email, new_email: NewEmail, as_: As = None) -> None:
    """Mail links by which both mailboxes confirm a new address. Nothing changes until both have.

    Example: contract-server user change-address keiyaku@example.jp new@example.jp
    """
    address = _address(new_email, "NEW_EMAIL")
    with _refusals_in_words():
        with_services_as(as_, lambda services: accounts.change_address(services.address_changes, email, address))
    echo("Both addresses get a link, good for 24 hours.")


@cli.command()
def transfer(
    email: Email,
    new_email: NewEmail,
    name: Annotated[str, typer.Option(help="The new contractor's name.")],
    as_: As = None,
) -> None:
    """Give the contract of a contractor to another person.

    The new account takes the place of the former one, which is deleted. Possible until the contract is erased. Its
    state and its dates stay. The password is read as by `user add`.

    Example: contract-server user transfer keiyaku@example.jp new@example.jp --name "契約 花子"
    """
    address, full_name, password = _address(new_email, "NEW_EMAIL"), _name(name), ask_password()
    with _refusals_in_words():
        with_services_as(
            as_,
            lambda services: transfer_contract(
                services.passwords,
                services.registration_updates,
                current_email=email,
                email=address,
                name=full_name,
                password=password,
            ),
        )
    echo("The contract has its new contractor; the former account is deleted.")


async def _describe(services: Services, email: str) -> tuple[_Row, list[_Row], list[_Row]]:
    found = await accounts.find_known_account(email)
    details, zone = await find_details(found), services.policies.zone
    account = asdict(ListedAccount.of(found)) | {
        "passkeys": details.passkeys,
        "recovery_codes": details.recovery_codes,
        "awaits_address": details.awaits_address,
    }
    sessions = [
        {name: getattr(session, name).astimezone(zone) for name in ("created_at", "last_used_at", "expires_at")}
        for session in details.sessions
    ]
    log_ins = [
        {"at": log_in.at.astimezone(zone), "interface": log_in.interface}
        for log_in in await find_log_ins(found.id, LOG_INS_SHOWN)
    ]
    return account, sessions, log_ins


def _about(link: str | None) -> list[str]:
    return [] if link is None else ["The passkey is registered here, once, within 24 hours:", link]


@contextmanager
def _refusals_in_words() -> Iterator[None]:
    try:
        with refusals_in_words(_REFUSALS):
            yield
    except UnsuitablePassword as refusal:
        raise Refusal(UNSUITABLE_PASSWORD[refusal.problem][Language.EN], Status.MISUNDERSTOOD) from None


def _address(text: str, parameter: str = "EMAIL") -> str:
    try:
        return checks.email(text)
    except InvalidValue as error:
        raise Refusal(f"{parameter}: {error}", Status.MISUNDERSTOOD) from None


def _name(text: str, parameter: str = "--name") -> str:
    try:
        return require_line(text, checks.LONGEST_NAME)
    except InvalidValue as error:
        raise Refusal(f"{parameter}: {error}", Status.MISUNDERSTOOD) from None
