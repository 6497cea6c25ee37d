"""How far behind the service is with what it owes, in one cheap look at what is due.

Unlike `health`, which counts everything that is wrong, this is asked every few seconds for years.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contract_rules import Action
from contract_server.clock import Clock
from contract_server.contracts.due import DUE_AT, FAILED_ACTIONS, is_due
from contract_server.db.transaction import current_connection
from contract_server.mail.models import MailState

_OLDEST = f"""
    SELECT (SELECT min({DUE_AT[Action.ERASE]}) FROM contract WHERE {is_due(Action.ERASE)}) AS erasure,
           (SELECT min({DUE_AT[Action.END_SERVICE]}) FROM contract WHERE {is_due(Action.END_SERVICE)}) AS service_end,
           (SELECT min(dated_at) FROM outbox_mail WHERE state = '{MailState.PENDING}') AS mail,
           (SELECT clock_timestamp() - finished_at FROM sweep_run WHERE id = 1) AS since_sweep,
           EXISTS (SELECT FROM erasure_stop) AS erasures_stopped,
           (SELECT count(*) FROM ({FAILED_ACTIONS}) AS failed) AS set_aside
"""  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits and what stands still. Times in seconds; NaN where nobody could look."""

    overdue_erasure: float
    """How long the oldest one that is due has been waiting; 0 where none is."""
    overdue_service_end: float
    unsent_mail: float
    since_sweep: float
    """Since a sweep came to its end, in real time; infinite when none ever did."""
    erasures_stopped: float
    """1 while the breaker holds erasures back."""
    set_aside: float
    """Acts that failed for so long that they wait for a person."""


UNKNOWN = Backlog(*[math.nan] * 6)


async def read_backlog(clock: Clock) -> Backlog:
    """The state of affairs now. Each part of it is found by an index that holds nothing but what is due or waits."""
    now = await clock.now()
    rows: list[dict[str, Any]] = await current_connection().execute_query_dict(_OLDEST, [now])
    oldest = rows[0]
    since_sweep: timedelta | None = oldest["since_sweep"]
    return Backlog(
        overdue_erasure=_waiting(oldest["erasure"], now),
        overdue_service_end=_waiting(oldest["service_end"], now),
        unsent_mail=_waiting(oldest["mail"], now),
        since_sweep=math.inf if since_sweep is None else since_sweep.total_seconds(),
        erasures_stopped=oldest["erasures_stopped"],
        set_aside=oldest["set_aside"],
    )


def _waiting(since: datetime | None, now: datetime) -> float:
    """A clock that was set back makes nothing wait for less than no time."""
    return max(0.0, (now - since).total_seconds()) if since else 0.0
