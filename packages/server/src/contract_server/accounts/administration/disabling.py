"""Disabling accounts: at once, a disabled account opens nothing. Enabling it lets its owner log in again."""

from contract_server.accounts.credentials import LINKS
from contract_server.accounts.models import Account, Role, Session
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.clock import DatabaseClock
from contract_server.db.transaction import transaction

WAYS_IN = (Session, *LINKS)
"""Whatever opens something for an account without its password; the passwords of disabled accounts open nothing."""

_CLOCK = DatabaseClock()


class LastOperator(Exception):
    """No other operator could act, not even to enable this one again."""


async def disable(account: Account) -> bool:
    """Disable an account, and end everything that opens something for it; whether it was enabled.

    Raises:
        LastOperator: It is the last enabled operator.
    """
    async with transaction():
        if account.role is Role.OPERATOR:
            await _require_another_operator(account)
        changed = await Account.filter(id=account.id, disabled_at__isnull=True).update(disabled_at=await _CLOCK.now())
        for way_in in WAYS_IN:
            await way_in.filter(account_id=account.id).delete()
        if changed:
            await record(AuditAction.ACCOUNT_DISABLED, about_id=account.id, contract_id=account.contract_id)
    return bool(changed)


async def enable(account: Account) -> bool:
    """Enable an account; whether it was disabled."""
    async with transaction():
        changed = await Account.filter(id=account.id, disabled_at__isnull=False).update(disabled_at=None)
        if changed:
            await record(AuditAction.ACCOUNT_ENABLED, about_id=account.id, contract_id=account.contract_id)
    return bool(changed)


async def _require_another_operator(account: Account) -> None:
    enabled = Account.filter(role=Role.OPERATOR, disabled_at__isnull=True).order_by("id")
    if {operator.id for operator in await enabled.select_for_update()} <= {account.id}:
        raise LastOperator
