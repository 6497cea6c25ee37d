"""Whether the service keeps its promises, counted in the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contract_server.clock import Clock, DatabaseClock
from contract_server.contracts.classification import TABLES, OnErasure
from contract_server.contracts.models import SweepRun
from contract_server.db.transaction import current_connection

GRACE = timedelta(minutes=5)
"""How long after its instant a thing may still be undone before it counts as late."""

_OVERDUE_SERVICE_END = "SELECT count(*) AS count FROM contract WHERE service_end_due_at <= $1"
_OVERDUE_ERASURE = "SELECT count(*) AS count FROM contract WHERE erasure_due_at <= $1 AND hold_placed_at IS NULL"
_UNSENT = "SELECT count(*) AS count FROM outbox_mail WHERE state = 'PENDING' AND dated_at <= $1"
_FAILED = "SELECT count(*) AS count FROM outbox_mail WHERE state = 'FAILED' AND dated_at <= $1"


@dataclass(frozen=True, slots=True)
class Check:
    """One promise, and how many contracts, mails or rows break it."""

    name: str
    count: int
    detail: str

    @property
    def ok(self) -> bool:
        """Whether the promise is kept."""
        return self.count == 0


@dataclass(frozen=True, slots=True)
class Health:
    """All promises at one instant."""

    now: datetime
    last_sweep_at: datetime | None
    checks: list[Check]

    @property
    def ok(self) -> bool:
        """Whether every promise is kept."""
        return all(check.ok for check in self.checks)


async def examine(clock: Clock) -> Health:
    """Look at everything that was promised."""
    now = await clock.now()
    late = now - GRACE
    run = await SweepRun.first()
    stale = run is None or await DatabaseClock().now() - run.finished_at > GRACE
    return Health(
        now,
        run.finished_at if run else None,
        [
            Check("sweep", int(stale), "The last sweep came to its end less than five minutes ago."),
            Check("service_end", await _count(_OVERDUE_SERVICE_END, late), "Every end of service is recorded."),
            Check("erasure", await _count(_OVERDUE_ERASURE, late), "Everything due for erasure is erased."),
            Check("leftovers", await _leftovers(), "Nothing personal is left of erased contracts."),
            Check("mails_unsent", await _count(_UNSENT, late), "No mail waits longer than five minutes."),
            Check("mails_failed", await _count(_FAILED, now), "No mail was given up."),
        ],
    )


async def _count(query: str, instant: datetime) -> int:
    rows = await current_connection().execute_query_dict(query, [instant])
    count: int = rows[0]["count"]
    return count


async def _leftovers() -> int:
    """Rows of erased contracts that erasure should have deleted."""
    count = 0
    for name, table in TABLES.items():
        if table.on_erasure is OnErasure.DELETE and table.belongs is not None:
            of_erased = table.belongs.replace("= $1", "IN (SELECT id FROM contract WHERE status = 'ERASED')")
            rows = await current_connection().execute_query_dict(
                f"SELECT count(*) AS count FROM {name} WHERE {of_erased}"  # noqa: S608 - our own names
            )
            count += rows[0]["count"]
    return count
