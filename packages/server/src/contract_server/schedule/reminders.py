"""Reminding contractors of what is about to end. Off unless the settings want it.

Theory. An application's own column says when to look at it next, so that looking for what is due costs the same
however many applications there are. Who looks locks the contract, so that nobody withdraws the application or erases
the contract meanwhile, and owes whatever windows are open by then; the unique Message-ID makes it once and never twice.
A reminder that waits in the outbox until its window closes, its application is withdrawn, or the erasure that it speaks
of is put on hold, is not sent any more.
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
from contract_server.db.transaction import current_connection, transaction
from contract_server.mail.models import OutboxMail

_LOCK_DUE = """
    SELECT application.id AS application_id, contract.id AS contract_id
      FROM termination_application AS application JOIN contract ON contract.id = application.contract_id
     WHERE application.next_reminder_at <= $1 AND application.withdrawn_at IS NULL
     ORDER BY application.next_reminder_at LIMIT $2
       FOR UPDATE OF contract, application SKIP LOCKED
"""

_LOOK_AGAIN_AT = """
    UPDATE termination_application AS application SET next_reminder_at = next.at
      FROM unnest($1::uuid[], $2::timestamptz[]) AS next (id, at) WHERE application.id = next.id
"""

_NEXT = """
    SELECT min(next_reminder_at) AS at FROM termination_application
     WHERE next_reminder_at > $1 AND withdrawn_at IS NULL
"""

SPEAKS_OF_WHAT_IS_IN_FORCE = """EXISTS (
            SELECT FROM termination_application AS application
             WHERE application.contract_id = mail.contract_id AND application.withdrawn_at IS NULL
               AND application.requested_at <= mail.dated_at)"""
"""Whether the application that a reminder, `mail`, speaks of was not withdrawn, in SQL."""

# Who resumes withdraws the reminders that wait, but for one that was owed in that very moment.
_FORGET_USELESS = f"""
    DELETE FROM outbox_mail AS mail
     WHERE state = 'PENDING' AND useful_until IS NOT NULL AND (lease_until IS NULL OR lease_until < clock_timestamp())
       AND (useful_until <= $1 OR NOT {SPEAKS_OF_WHAT_IS_IN_FORCE})
"""  # noqa: S608 - our own words


class Reminders:
    """Owes the reminders whose windows are open."""

    def __init__(self, clock: Clock, notifications: Notifications, batch: int, *, wanted: bool) -> None:
        self._clock = clock
        self._notifications = notifications
        self._batch = batch
        self._wanted = wanted

    async def owe_due(self, *, seconds: float = 5) -> int:
        """Put into the outbox what is due by now, for at most about `seconds`; what is left is for the next sweep.

        Returns:
            How many reminders are owed.
        """
        await current_connection().execute_query(_FORGET_USELESS, [await self._clock.now()])
        owed, looked_at, ends_at = 0, self._batch, time.monotonic() + seconds
        while self._wanted and looked_at == self._batch and time.monotonic() < ends_at:
            looked_at, newly_owed = await self._owe_batch()
            owed += newly_owed
        return owed

    async def next_due_at(self, after: datetime) -> datetime | None:
        """When the next look is due after that instant."""
        if not self._wanted:
            return None
        rows = await current_connection().execute_query_dict(_NEXT, [after])
        due_at: datetime | None = rows[0]["at"]
        return due_at

    async def _owe_batch(self) -> tuple[int, int]:
        """How many applications were looked at, and how many reminders came of it."""
        async with transaction():
            due = await current_connection().execute_query_dict(_LOCK_DUE, [await self._clock.now(), self._batch])
            if not due:
                return 0, 0
            now = await self._clock.now()  # after the locks, like every decision
            ids = [row["contract_id"] for row in due]
            contracts = await find_snapshots(ids)
            contractors = {account.contract_id: account for account in await Account.filter(contract_id__in=ids)}
            mails = [
                self._notifications.reminder(contracts[each], contractors[each], window, now)
                for each in ids
                if each in contractors
                for window in _open_windows(contracts[each], now)
            ]
            await OutboxMail.bulk_create(mails, ignore_conflicts=True)
            await self._look_again({row["application_id"]: contracts[row["contract_id"]] for row in due}, now)
        return len(due), len(mails)

    async def _look_again(self, contracts: dict[UUID, ContractSnapshot], now: datetime) -> None:
        moments = [_next_look(contract, now) for contract in contracts.values()]
        await current_connection().execute_query(_LOOK_AGAIN_AT, [list(contracts), moments])


def _open_windows(contract: ContractSnapshot, now: datetime) -> list[Window]:
    """What there is to say now. Of an erasure that is on hold nobody can say when it will be."""
    application = contract.facts.application
    if application is None or contract.facts.status is not Status.TERMINATED:
        return []
    return [
        window
        for window in windows_of(application)
        if window.is_open(now) and not (contract.facts.erasure_held and _is_of_erasure(window))
    ]


def _next_look(contract: ContractSnapshot, now: datetime) -> datetime | None:
    application = contract.facts.application
    if application is None or contract.facts.status is not Status.TERMINATED:
        return None
    return next_opening(application, now)  # what is held back is looked at again when the hold is released


def _is_of_erasure(window: Window) -> bool:
    return window.reminder.deadline is DeadlineKind.ERASURE
