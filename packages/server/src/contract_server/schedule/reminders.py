"""Queue reminders before deadlines. Off unless the setting `REMINDERS` is on.

Theory. Each application has a column with its next reminder time, so that finding due reminders costs the same for any
number of applications. The contract is locked while its reminders are queued, so that no other transaction withdraws
the application or erases the contract. A reminder is queued for each open window; the unique Message-ID makes this
idempotent. A pending reminder expires when its window closes, its application is withdrawn, or its erasure is put on
hold.
"""

import time
from datetime import datetime
from uuid import UUID

from contract_rules import DeadlineKind, Status
from contract_server.accounts.models import Account
from contract_server.clock import Clock
from contract_server.contracts.notifications import Notifications
from contract_server.contracts.reminder_windows import Window, next_opening, windows_of
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.store import find_snapshots
from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import transaction
from contract_server.mail.models import OutboxMail

_LOCK_DUE = """
    SELECT application.id AS application_id, contract.id AS contract_id
      FROM termination_application AS application JOIN contract ON contract.id = application.contract_id
     WHERE application.next_reminder_at <= $1 AND application.withdrawn_at IS NULL
     ORDER BY application.next_reminder_at LIMIT $2
       FOR UPDATE OF contract, application SKIP LOCKED
"""

_SET_NEXT = """
    UPDATE termination_application AS application SET next_reminder_at = next.at
      FROM unnest($1::uuid[], $2::timestamptz[]) AS next (id, at) WHERE application.id = next.id
"""

_NEXT = """
    SELECT min(next_reminder_at) AS at FROM termination_application
     WHERE next_reminder_at > $1 AND withdrawn_at IS NULL
"""

APPLICATION_IN_FORCE = """EXISTS (
            SELECT FROM termination_application AS application
             WHERE application.contract_id = mail.contract_id AND application.withdrawn_at IS NULL
               AND application.requested_at <= mail.dated_at)"""
"""SQL condition: the application of the reminder `mail` has not been withdrawn."""

# A resumption withdraws pending reminders, but misses one that is queued at the same moment.
_DELETE_EXPIRED = f"""
    DELETE FROM outbox_mail AS mail
     WHERE state = 'PENDING' AND useful_until IS NOT NULL AND (lease_until IS NULL OR lease_until < clock_timestamp())
       AND (useful_until <= $1 OR NOT {APPLICATION_IN_FORCE})
"""  # noqa: S608 - our own words


class Reminders:
    """Queues reminders whose windows are open."""

    def __init__(self, clock: Clock, notifications: Notifications, batch: int, *, enabled: bool) -> None:
        self._clock = clock
        self._notifications = notifications
        self._batch = batch
        self._enabled = enabled

    async def enqueue_due(self, *, seconds: float = 5) -> int:
        """Queue all due reminders, for at most about `seconds`; the next sweep does the rest.

        Returns:
            The number of reminders queued.
        """
        await execute(_DELETE_EXPIRED, await self._clock.now())
        queued, checked, ends_at = 0, self._batch, time.monotonic() + seconds
        while self._enabled and checked == self._batch and time.monotonic() < ends_at:
            checked, added = await self._enqueue_batch()
            queued += added
        return queued

    async def next_due_at(self, after: datetime) -> datetime | None:
        """Return when the next reminder is due after that instant."""
        if not self._enabled:
            return None
        rows = await fetch(_NEXT, after)
        due_at: datetime | None = rows[0]["at"]
        return due_at

    async def _enqueue_batch(self) -> tuple[int, int]:
        """Return the numbers of applications checked and of reminders queued."""
        async with transaction():
            due = await fetch(_LOCK_DUE, await self._clock.now(), self._batch)
            if not due:
                return 0, 0
            now = await self._clock.now()  # after the locks, like every decision
            ids = [row["contract_id"] for row in due]
            contracts = await find_snapshots(ids)
            contractors = {account.contract_id: account for account in await Account.filter(contract_id__in=ids)}
            mails = [
                self._notifications.reminder(contracts[contract_id], contractors[contract_id], window, now)
                for contract_id in ids
                if contract_id in contractors
                for window in _open_windows(contracts[contract_id], now)
            ]
            await OutboxMail.bulk_create(mails, ignore_conflicts=True)
            await self._set_next({row["application_id"]: contracts[row["contract_id"]] for row in due}, now)
        return len(due), len(mails)

    async def _set_next(self, contracts: dict[UUID, ContractSnapshot], now: datetime) -> None:
        instants = [_next_reminder(contract, now) for contract in contracts.values()]
        await execute(_SET_NEXT, list(contracts), instants)


def _open_windows(contract: ContractSnapshot, now: datetime) -> list[Window]:
    """Return the open windows; an erasure on hold has no date to announce."""
    application = contract.facts.application
    if application is None or contract.facts.status is not Status.TERMINATED:
        return []
    return [
        window
        for window in windows_of(application)
        if window.is_open(now) and not (contract.facts.erasure_held and _announces_erasure(window))
    ]


def _next_reminder(contract: ContractSnapshot, now: datetime) -> datetime | None:
    application = contract.facts.application
    if application is None or contract.facts.status is not Status.TERMINATED:
        return None
    return next_opening(application, now)  # the release of a hold sets this column again


def _announces_erasure(window: Window) -> bool:
    return window.reminder.deadline is DeadlineKind.ERASURE
