"""Giving a contract another contractor: a new owner of the business, or another person in charge.

Possible until the contract is erased. The contract stays as it is, an application to terminate with its dates included:
the new contractor may resume within the same window. The account of the former contractor goes at once.
"""

from tortoise.exceptions import IntegrityError

from contract_notify import normalize_address
from contract_rules import Actor
from contract_server.accounts.administration.disabling import WAYS_IN
from contract_server.accounts.email import EmailTaken
from contract_server.accounts.models import Account, Role
from contract_server.accounts.passwords.hasher import PasswordHasher
from contract_server.accounts.passwords.rules import require_suitable
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.contracts.models import IdempotentAnswer
from contract_server.contracts.queries import find_company_name
from contract_server.contracts.registration.updates import RegistrationUpdates
from contract_server.db.transaction import transaction
from contract_server.onboarding.accounts import find_known_account, lock_unerased


class NotAContractor(Exception):
    """The account is an operator's, so it has no contract."""


async def transfer_contract(
    passwords: PasswordHasher,
    registrations: RegistrationUpdates,
    *,
    current_email: str,
    email: str,
    name: str,
    password: str,
) -> Account:
    """Replace the contractor of a contract; return the new account.

    Raises:
        AccountNotFound: No account has the current address.
        NotAContractor: It is an operator's.
        UnsuitablePassword: The password is not allowed.
        ContractErased: The contract was erased.
        EmailTaken: Another account has the new address.
    """
    former = await find_known_account(current_email)
    if former.contract_id is None:
        raise NotAContractor
    email = normalize_address(email)
    require_suitable(password, email=email, company_name=await find_company_name(former.contract_id))
    password_hash = await passwords.hash(password)
    try:
        async with transaction():
            await lock_unerased(former.contract_id)
            await _delete(former)
            account = await Account.create(
                role=Role.CONTRACTOR,
                name=name,
                email=email,
                password_hash=password_hash,
                contract_id=former.contract_id,
            )
            await registrations.record(former.contract_id, Actor.OPERATOR)
            await record(
                AuditAction.CONTRACT_TRANSFERRED,
                about_id=account.id,
                contract_id=former.contract_id,
                subject=f"from {former.id}",
            )
            return account
    except IntegrityError:
        raise EmailTaken from None


async def _delete(account: Account) -> None:
    await Account.filter(id=account.id).select_for_update().first()  # no session is opened meanwhile
    for model in (*WAYS_IN, IdempotentAnswer):
        await model.filter(account_id=account.id).delete()
    await Account.filter(id=account.id).delete()
