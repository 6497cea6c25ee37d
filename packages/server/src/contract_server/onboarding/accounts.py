"""What operators do with accounts from the command line."""

from uuid import UUID

from tortoise.exceptions import IntegrityError

from contract_rules import Status
from contract_server.accounts.credentials import replace_password, require_suitable
from contract_server.accounts.email import find_account, normalized
from contract_server.accounts.login import LogIns
from contract_server.accounts.models import Account, Role
from contract_server.accounts.password_reset import PasswordResets
from contract_server.accounts.passwords import PasswordHasher
from contract_server.contracts.result import ContractNotFound
from contract_server.contracts.store import lock_snapshot
from contract_server.db.transaction import transaction


class AccountNotFound(Exception):
    """Nobody has this address."""


class AddressTaken(Exception):
    """Somebody has this address already."""


class ContractHasContractor(Exception):
    """The contract has its contractor already, and has but one."""


class ContractErased(Exception):
    """Nothing personal is stored of a contract again whose data was erased."""


async def add_account(
    passwords: PasswordHasher, *, email: str, name: str, password: str, contract_id: UUID | None = None
) -> Account:
    """A new account: the contractor of that contract, or, without one, an operator.

    Raises:
        UnsuitablePassword: The password is too short or too long.
        AddressTaken: Somebody has this address already.
        ContractNotFound: There is no such contract.
        ContractErased: There was.
        ContractHasContractor: Somebody else is its contractor.
    """
    require_suitable(password)
    address, kept = normalized(email), await passwords.hash(password)
    role = Role.OPERATOR if contract_id is None else Role.CONTRACTOR
    try:
        async with transaction():
            if contract_id is not None:
                await _lock_unerased(contract_id)
            return await Account.create(
                role=role, name=name, email=address, password_hash=kept, contract_id=contract_id
            )
    except IntegrityError:
        if await Account.filter(email=address).exists():
            raise AddressTaken from None
        raise ContractHasContractor from None


async def set_password(passwords: PasswordHasher, email: str, password: str) -> None:
    """Replace the password of an account; whoever is logged in with it is logged out.

    Raises:
        UnsuitablePassword: The password is too short or too long.
        AccountNotFound: Nobody has this address.
    """
    require_suitable(password)
    account = await _account(email)
    await replace_password(account.id, await passwords.hash(password))


async def unlock(log_ins: LogIns, password_resets: PasswordResets, email: str) -> None:
    """Let somebody try again at once who has to wait, after wrong passwords or too many mails with a link.

    Raises:
        AccountNotFound: Nobody has this address.
    """
    account = await _account(email)
    await log_ins.unlock(account.email)
    await password_resets.allow_again(account.email)


async def _account(email: str) -> Account:
    account = await find_account(normalized(email))
    if account is None:
        raise AccountNotFound
    return account


async def _lock_unerased(contract_id: UUID) -> None:
    contract = await lock_snapshot(contract_id)
    if contract is None:
        raise ContractNotFound
    if contract.facts.status is Status.ERASED:
        raise ContractErased
