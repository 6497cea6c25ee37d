"""Write the audit trail, and delete what is kept no longer.

An entry is written in the transaction of what it reports. Each fact is stored once: a change of a contract is an event
of its history, which carries the signature of the person and the reason. Entries report the rest, which has no other
record. `log` reads both in one query.

An entry has no name. What could lead to a person, the hash of the source and an operator's written reason, is emptied
with the erasure of the contract. A failed log-in with an unknown address belongs to no contract, so its source is not
stored.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from uuid_utils.compat import uuid7

from contract_server.audit.models import AuditAction
from contract_server.audit.origin import sign
from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import after_commit, transaction
from contract_server.logs import get_logger

log = get_logger(__name__)

_INSERT = """
    INSERT INTO audit_entry (id, action, interface, account_id, about_id, contract_id, subject, source, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_ALLOW_DELETION = "SELECT set_config('contract_server.audit_retention', 'on', true)"
_DELETE_OLD = """
    DELETE FROM audit_entry
     WHERE seal <= (SELECT sequence FROM audit_seal WHERE closed_at < (SELECT clock_timestamp() - $1::interval)
                     ORDER BY closed_at DESC LIMIT 1)
       AND seal <= (SELECT min(seal) FROM audit_entry) + $2
"""
_SEALS_AT_ONCE = 100


async def record(
    action: AuditAction,
    *,
    account_id: UUID | None = None,
    about_id: UUID | None = None,
    contract_id: UUID | None = None,
    subject: str | None = None,
    reason: str | None = None,
    with_source: bool = True,
    execute: Callable[..., Awaitable[object]] = execute,
) -> None:
    """Write one entry, and its log line once the transaction is committed.

    Args:
        action: What was done.
        account_id: Who did it; for a command, the operator that it names.
        about_id: The account that it was done to.
        contract_id: The contract that it concerns.
        subject: Numbers that say what was changed.
        reason: Why, in an operator's own words; emptied with the erasure of the contract.
        with_source: Whether to store the hash of the source, which nothing would erase any more once the contract is.
        execute: Executes a statement in the transaction of what is reported.
    """
    signature = sign(account_id)
    row = {
        "action": action,
        "interface": signature.interface,
        "account_id": signature.account_id,
        "about_id": about_id,
        "contract_id": contract_id,
        "subject": subject,
    }
    source = signature.source if with_source and (signature.account_id or about_id) else None
    await execute(_INSERT, uuid7(), *row.values(), source, reason)
    # without source and reason, because no erasure reaches a log
    after_commit(partial(log.info, "audit entry written", **row))


class AuditRetention:
    """Deletes the entries of seals that were closed long enough ago; their seals stay."""

    def __init__(self, kept_for: timedelta) -> None:
        self._kept_for = kept_for

    async def delete_old(self) -> None:
        """Delete the oldest of them, some seals at once; the next call continues."""
        async with transaction():
            await fetch(_ALLOW_DELETION)
            await execute(_DELETE_OLD, self._kept_for, _SEALS_AT_ONCE)
