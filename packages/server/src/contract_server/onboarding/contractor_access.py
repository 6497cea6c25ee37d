"""Help for contractors who cannot log in, by operators; each with a reason for the audit trail."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from contract_server.accounts.login import LogIns
from contract_server.accounts.models import Account, Session
from contract_server.accounts.password_reset import PasswordResets
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.contracts.result import ContractNotFound, NotPossible, Obstacle
from contract_server.contracts.store import lock_snapshot
from contract_server.db.transaction import transaction
from contract_server.mail.wakeups import WakeUps


class ContractorAccess:
    """Helps the contractor of a contract.

    Its methods raise `ContractNotFound`, or `NotPossible` if the contract has no contractor, because it was erased.
    """

    def __init__(self, log_ins: LogIns, password_resets: PasswordResets, wake_ups: WakeUps) -> None:
        self._log_ins = log_ins
        self._password_resets = password_resets
        self._wake_ups = wake_ups

    async def unlock(self, contract_id: UUID, reason: str, by: UUID) -> None:
        """Clear the limits of the account: failed log-ins, and requested reset links."""
        async with _contractor(contract_id, AuditAction.ACCOUNT_UNLOCKED, reason, by) as contractor:
            await self._log_ins.unlock(contractor.email)
            await self._password_resets.clear_limit(contractor.email)

    async def end_sessions(self, contract_id: UUID, reason: str, by: UUID) -> None:
        """End all sessions of the account."""
        async with _contractor(contract_id, AuditAction.SESSIONS_ENDED, reason, by) as contractor:
            await Session.filter(account_id=contractor.id).delete()

    async def mail_link(self, contract_id: UUID, reason: str, by: UUID) -> None:
        """Mail a link by which the contractor sets a new password."""
        async with _contractor(contract_id, AuditAction.PASSWORD_LINK_REQUESTED, reason, by) as contractor:
            await self._password_resets.mail_link(contractor)
        self._wake_ups.wake()


@asynccontextmanager
async def _contractor(contract_id: UUID, action: AuditAction, reason: str, by: UUID) -> AsyncIterator[Account]:
    """Lock the contract, and write what is done to its contractor's account to the audit trail."""
    async with transaction():
        if await lock_snapshot(contract_id) is None:
            raise ContractNotFound
        contractor = await Account.filter(contract_id=contract_id).first()
        if contractor is None:
            raise NotPossible(Obstacle.NO_CONTRACTOR)
        yield contractor
        await record(action, account_id=by, about_id=contractor.id, contract_id=contract_id, reason=reason)
