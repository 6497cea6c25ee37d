"""The backlog: how overdue actions and mails are, in a few cheap queries.

`health` counts every defect and is expensive; metrics read the backlog every few seconds.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contract_rules import Action
from contract_server.clock import Clock
from contract_server.contracts.due import DUE_AT, FAILED_ACTIONS, is_due
from contract_server.db.statements import fetch
from contract_server.integration.webhooks import count_failed_deliveries
from contract_server.mail.models import MailState
from contract_server.monitoring.confirmation_checks import count_overdue_confirmations

_OLDEST = f"""
    SELECT (SELECT min({DUE_AT[Action.ERASE]}) FROM contract WHERE {is_due(Action.ERASE)}) AS erasure,
           (SELECT min({DUE_AT[Action.END_SERVICE]}) FROM contract WHERE {is_due(Action.END_SERVICE)}) AS service_end,
           (SELECT min(dated_at) FROM outbox_mail WHERE state = '{MailState.PENDING}') AS mail,
           (SELECT clock_timestamp() - finished_at FROM sweep_run WHERE id = 1) AS since_sweep,
           EXISTS (SELECT FROM erasure_stop) AS erasures_stopped,
           (SELECT count(*) FROM ({FAILED_ACTIONS}) AS failed) AS failed_actions,
           (SELECT count(*) FROM webhook_endpoint
             WHERE disabled_at IS NOT NULL AND withdrawn_at IS NULL) AS disabled_webhooks
"""  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Backlog:
    """Overdue and stopped work. Times in seconds; NaN if the database is unavailable."""

    overdue_erasure: float
    """How long the oldest one is overdue; 0 if none is."""
    overdue_service_end: float
    unsent_mail: float
    since_sweep: float
    """Since the last sweep finished, in real time; infinite before the first one."""
    erasures_stopped: float
    """1 while the breaker stops erasures."""
    failed_actions: float
    """Due actions that failed permanently."""
    unconfirmed_erasures: float
    """What other services have not confirmed in time, or retain for too long."""
    disabled_webhooks: float
    failed_webhooks: float


UNKNOWN = Backlog(*[math.nan] * 9)


async def read_backlog(clock: Clock) -> Backlog:
    """Read the backlog. Each part uses an index that contains only due actions or pending mails."""
    now = await clock.now()
    rows: list[dict[str, Any]] = await fetch(_OLDEST, now)
    oldest = rows[0]
    since_sweep: timedelta | None = oldest["since_sweep"]
    return Backlog(
        overdue_erasure=_waiting(oldest["erasure"], now),
        overdue_service_end=_waiting(oldest["service_end"], now),
        unsent_mail=_waiting(oldest["mail"], now),
        since_sweep=math.inf if since_sweep is None else since_sweep.total_seconds(),
        erasures_stopped=oldest["erasures_stopped"],
        failed_actions=oldest["failed_actions"],
        unconfirmed_erasures=await count_overdue_confirmations(now),
        disabled_webhooks=oldest["disabled_webhooks"],
        failed_webhooks=sum((await count_failed_deliveries()).values()),
    )


def _waiting(since: datetime | None, now: datetime) -> float:
    """Return the waiting time in seconds, never negative: the clock may have been set back."""
    return max(0.0, (now - since).total_seconds()) if since else 0.0
