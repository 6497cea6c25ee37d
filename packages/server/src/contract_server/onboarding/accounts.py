"""Adding and changing accounts on behalf of operators."""

from uuid import UUID

from tortoise.exceptions import IntegrityError

from contract_notify import normalize_address
from contract_rules import Actor, Status
from contract_server.accounts.administration import disabling
from contract_server.accounts.administration.address_change import AddressChanges
from contract_server.accounts.credentials import PasswordChanges
from contract_server.accounts.email import EmailTaken, find_account
from contract_server.accounts.login import LogIns
from contract_server.accounts.models import Account, Role
from contract_server.accounts.password_reset import PasswordResets
from contract_server.accounts.passwords.hasher import PasswordHasher
from contract_server.accounts.passwords.rules import require_suitable
from contract_server.accounts.second_factor.enrolment import Enrolments
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.contracts.queries import find_company_name
from contract_server.contracts.registration.updates import RegistrationUpdates
from contract_server.contracts.result import ContractNotFound
from contract_server.contracts.store import lock_snapshot
from contract_server.db.transaction import transaction


class AccountNotFound(Exception):
    """No account has this address."""


class NotAnOperator(Exception):
    """The account is a contractor's: contractors log in by their password alone."""


class ContractHasContractor(Exception):
    """The contract already has its one contractor."""


class ContractErased(Exception):
    """The contract was erased, so no personal data may be stored for it."""


async def add_account(
    passwords: PasswordHasher,
    registrations: RegistrationUpdates,
    *,
    email: str,
    name: str,
    password: str,
    contract_id: UUID | None = None,
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
                await lock_unerased(contract_id)
            account = await Account.create(
                role=role, name=name, email=email, password_hash=password_hash, contract_id=contract_id
            )
            await registrations.record(contract_id, Actor.OPERATOR)
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
    account = await find_known_account(email)
    company_name = await find_company_name(account.contract_id)
    require_suitable(password, email=account.email, company_name=company_name)
    await changes.replace(account, await passwords.hash(password))


async def rename(registrations: RegistrationUpdates, email: str, name: str) -> None:
    """Change the name of an account.

    Raises:
        AccountNotFound: No account has this address.
        ContractErased: The contract was erased meanwhile.
    """
    account = await find_known_account(email)
    async with transaction():
        if account.contract_id is not None:
            await lock_unerased(account.contract_id)
        if not await Account.filter(id=account.id).exclude(name=name).update(name=name):
            return
        await registrations.record(account.contract_id, Actor.OPERATOR)
        await record(AuditAction.ACCOUNT_RENAMED, about_id=account.id, contract_id=account.contract_id)


async def disable(email: str) -> bool:
    """Disable an account; whether it was enabled.

    Raises:
        AccountNotFound: No account has this address.
        LastOperator: It is the last enabled operator.
    """
    return await disabling.disable(await find_known_account(email))


async def enable(email: str) -> bool:
    """Enable an account; whether it was disabled.

    Raises:
        AccountNotFound: No account has this address.
    """
    return await disabling.enable(await find_known_account(email))


async def change_address(changes: AddressChanges, email: str, new_email: str) -> None:
    """Mail the links by which both mailboxes confirm a new address.

    Raises:
        AccountNotFound: No account has the present address.
        EmailTaken: Another account has the new address.
    """
    await changes.request(await find_known_account(email), normalize_address(new_email))


async def create_enrolment_link(enrolments: Enrolments, email: str) -> str:
    """Return a link by which an operator registers a passkey.

    Raises:
        AccountNotFound: No account has this address.
        NotAnOperator: The account is a contractor's.
    """
    account = await find_known_account(email)
    if account.role is not Role.OPERATOR:
        raise NotAnOperator
    return await enrolments.create_link(account)


async def unlock(log_ins: LogIns, password_resets: PasswordResets, email: str) -> None:
    """Clear the limits of an account: failed log-ins, and requested reset links.

    Raises:
        AccountNotFound: No account has this address.
    """
    account = await find_known_account(email)
    async with transaction():
        await log_ins.unlock(account.email)
        await password_resets.clear_limit(account.email)
        await record(AuditAction.ACCOUNT_UNLOCKED, about_id=account.id, contract_id=account.contract_id)


async def find_known_account(email: str) -> Account:
    """Find the account of an address as it was typed.

    Raises:
        AccountNotFound: No account has this address.
    """
    account = await find_account(normalize_address(email))
    if account is None:
        raise AccountNotFound
    return account


async def lock_unerased(contract_id: UUID) -> None:
    """Lock a contract, so that it is not erased meanwhile.

    Raises:
        ContractNotFound: There is no such contract.
        ContractErased: The contract was erased.
    """
    contract = await lock_snapshot(contract_id)
    if contract is None:
        raise ContractNotFound
    if contract.facts.status is Status.ERASED:
        raise ContractErased
