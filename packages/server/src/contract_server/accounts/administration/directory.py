"""Accounts as operators look at them, without what opens them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contract_server.accounts.models import Account, AddressChange, Passkey, RecoveryCode, Role, Session
from contract_server.clock import DatabaseClock


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account in the list."""

    id: UUID
    email: str
    name: str
    role: Role
    contract: UUID | None
    disabled_at: datetime | None
    second_factor_since: datetime | None

    @classmethod
    def of(cls, account: Account) -> "ListedAccount":
        """Return what the list shows of an account."""
        return cls(
            account.id,
            account.email,
            account.name,
            account.role,
            account.contract_id,
            account.disabled_at,
            account.second_factor_since,
        )


@dataclass(frozen=True, slots=True)
class AccountDetails:
    """What else there is of an account."""

    sessions: list[Session]
    passkeys: int
    recovery_codes: int
    awaits_address: str | None


async def list_accounts(limit: int, role: Role | None = None, *, disabled: bool | None = None) -> list[ListedAccount]:
    """List accounts, the newest first."""
    accounts = Account.all() if role is None else Account.filter(role=role)
    if disabled is not None:
        accounts = accounts.filter(disabled_at__isnull=not disabled)
    return [ListedAccount.of(account) for account in await accounts.order_by("-id").limit(limit)]


async def find_details(account: Account) -> AccountDetails:
    """Find what else there is of an account; a session that was not used for long is listed until it expires."""
    change = await AddressChange.get_or_none(account_id=account.id)
    sessions = Session.filter(account_id=account.id, expires_at__gt=await DatabaseClock().now())
    return AccountDetails(
        sessions=await sessions.order_by("created_at"),
        passkeys=await Passkey.filter(account_id=account.id).count(),
        recovery_codes=await RecoveryCode.filter(account_id=account.id).count(),
        awaits_address=change.new_email if change else None,
    )
