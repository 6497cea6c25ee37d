"""Adding and changing accounts on behalf of operators."""

from uuid import UUID

from tortoise.exceptions import IntegrityError

from contract_rules import Status
from contract_server.accounts.credentials import replace_password, require_suitable
from contract_server.accounts.email import find_account, normalize
from contract_server.accounts.login import LogIns
from contract_server.accounts.models import Account, Role
from contract_server.accounts.password_reset import PasswordResets
from contract_server.accounts.passwords.hasher import PasswordHasher
from contract_server.contracts.result import ContractNotFound
from contract_server.contracts.store import lock_snapshot
from contract_server.db.transaction import transaction


class AccountNotFound(Exception):
    """No account has this address."""


class EmailTaken(Exception):
    """Another account has this address."""


class ContractHasContractor(Exception):
    """The contract already has its one contractor."""


class ContractErased(Exception):
    """The contract was erased, so no personal data may be stored for it."""


async def add_account(
    passwords: PasswordHasher, *, email: str, name: str, password: str, contract_id: UUID | None = None
) -> Account:
    """Create an account: the contract's contractor, or an operator if there is no contract.

    Raises:
        UnsuitablePassword: The password is too short or too long.
        EmailTaken: Another account has this address.
        ContractNotFound: There is no such contract.
        ContractErased: The contract was erased.
        ContractHasContractor: The contract has a contractor.
    """
    require_suitable(password)
    email, password_hash = normalize(email), await passwords.hash(password)
    role = Role.OPERATOR if contract_id is None else Role.CONTRACTOR
    try:
        async with transaction():
            if contract_id is not None:
                await _lock_unerased(contract_id)
            return await Account.create(
                role=role, name=name, email=email, password_hash=password_hash, contract_id=contract_id
            )
    except IntegrityError:
        if await Account.filter(email=email).exists():
            raise EmailTaken from None
        raise ContractHasContractor from None


async def set_password(passwords: PasswordHasher, email: str, password: str) -> None:
    """Replace the password of an account and end its sessions.

    Raises:
        UnsuitablePassword: The password is too short or too long.
        AccountNotFound: No account has this address.
    """
    require_suitable(password)
    account = await _account(email)
    await replace_password(account.id, await passwords.hash(password))


async def unlock(log_ins: LogIns, password_resets: PasswordResets, email: str) -> None:
    """Clear the limits of an account: failed log-ins, and requested reset links.

    Raises:
        AccountNotFound: No account has this address.
    """
    account = await _account(email)
    await log_ins.unlock(account.email)
    await password_resets.clear_limit(account.email)


async def _account(email: str) -> Account:
    account = await find_account(normalize(email))
    if account is None:
        raise AccountNotFound
    return account


async def _lock_unerased(contract_id: UUID) -> None:
    contract = await lock_snapshot(contract_id)
    if contract is None:
        raise ContractNotFound
    if contract.facts.status is Status.ERASED:
        raise ContractErased
