"""Adding and changing accounts on behalf of operators."""

from uuid import UUID

from tortoise.exceptions import IntegrityError

from contract_notify import normalize_address
from contract_rules import Status
from contract_server.accounts.credentials import PasswordChanges
from contract_server.accounts.email import find_account
from contract_server.accounts.login import LogIns
from contract_server.accounts.models import Account, Role
from contract_server.accounts.password_reset import PasswordResets
from contract_server.accounts.passwords.hasher import PasswordHasher
from contract_server.accounts.passwords.rules import require_suitable
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.contracts.queries import find_company_name
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
        UnsuitablePassword: The password is not allowed.
        EmailTaken: Another account has this address.
        ContractNotFound: There is no such contract.
        ContractErased: The contract was erased.
        ContractHasContractor: The contract has a contractor.
    """
    email = normalize_address(email)
    require_suitable(password, email=email, company_name=await find_company_name(contract_id))
    password_hash = await passwords.hash(password)
    role = Role.OPERATOR if contract_id is None else Role.CONTRACTOR
    try:
        async with transaction():
            if contract_id is not None:
                await _lock_unerased(contract_id)
            account = await Account.create(
                role=role, name=name, email=email, password_hash=password_hash, contract_id=contract_id
            )
            await record(AuditAction.ACCOUNT_ADDED, about_id=account.id, contract_id=contract_id, subject=role)
            return account
    except IntegrityError:
        if await Account.filter(email=email).exists():
            raise EmailTaken from None
        raise ContractHasContractor from None


async def set_password(passwords: PasswordHasher, changes: PasswordChanges, email: str, password: str) -> None:
    """Replace the password of an account, end its sessions, and tell the owner by mail.

    Raises:
        UnsuitablePassword: The password is not allowed.
        AccountNotFound: No account has this address.
    """
    account = await _account(email)
    company_name = await find_company_name(account.contract_id)
    require_suitable(password, email=account.email, company_name=company_name)
    await changes.replace(account, await passwords.hash(password))


async def unlock(log_ins: LogIns, password_resets: PasswordResets, email: str) -> None:
    """Clear the limits of an account: failed log-ins, and requested reset links.

    Raises:
        AccountNotFound: No account has this address.
    """
    account = await _account(email)
    async with transaction():
        await log_ins.unlock(account.email)
        await password_resets.clear_limit(account.email)
        await record(AuditAction.ACCOUNT_UNLOCKED, about_id=account.id, contract_id=account.contract_id)


async def _account(email: str) -> Account:
    account = await find_account(normalize_address(email))
    if account is None:
        raise AccountNotFound
    return account


async def _lock_unerased(contract_id: UUID) -> None:
    contract = await lock_snapshot(contract_id)
    if contract is None:
        raise ContractNotFound
    if contract.facts.status is Status.ERASED:
        raise ContractErased
