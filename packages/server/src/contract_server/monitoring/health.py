"""Health checks: count in the database how often each promise of the service is broken.

Their cost does not grow with history: of promises about all contracts, those that changed last are checked. `doctor`
checks the rest.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contract_rules import Action
from contract_server.clock import Clock, DatabaseClock
from contract_server.contracts.due import FAILED_ACTIONS, is_due
from contract_server.contracts.holds.records import count_holds_to_review
from contract_server.db.statements import fetch
from contract_server.erasure.breaker import Breaker
from contract_server.erasure.evidence import NEWEST_LINKS
from contract_server.integration.webhooks import count_failed_deliveries, list_disabled_endpoints
from contract_server.monitoring.confirmation_checks import check_confirmations
from contract_server.monitoring.contract_checks import PROMISES, RECENT, count_defects, recent_contracts
from contract_server.schedule.models import SweepRun

GRACE = timedelta(minutes=5)
"""How long an action or a mail may be overdue before a check fails."""

_UNSENT = """
    FROM outbox_mail WHERE state = 'PENDING' AND dated_at <= $1 AND (attempts > 0 OR next_attempt_at <= $1)
"""
_FAILED = "FROM outbox_mail WHERE state = 'FAILED'"
# the newest records alone: `doctor` verifies the whole chain
_GAPS = f"""
    FROM (SELECT sequence, previous_hash, lag(sequence) OVER chain AS before, lag(hash) OVER chain AS hash_before
            FROM ({NEWEST_LINKS}) AS newest
          WINDOW chain AS (ORDER BY sequence)) AS record
   WHERE sequence <> before + 1 OR previous_hash <> hash_before
"""  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Check:
    """One promise, and the number of contracts, mails or rows that break it."""

    name: str
    count: int
    detail: str

    @property
    def ok(self) -> bool:
        """Whether the promise is kept."""
        return self.count == 0


@dataclass(frozen=True, slots=True)
class Health:
    """The results of all checks at one instant."""

    now: datetime
    last_sweep_at: datetime | None
    checks: list[Check]

    @property
    def ok(self) -> bool:
        """Whether every promise is kept."""
        return all(check.ok for check in self.checks)


async def examine(clock: Clock, breaker: Breaker) -> Health:
    """Run all checks."""
    now = await clock.now()
    late = now - GRACE
    last_sweep_at = await last_sweep()
    defects = await count_defects(await recent_contracts())
    stale = last_sweep_at is None or await DatabaseClock().now() - last_sweep_at > GRACE
    return Health(
        now,
        last_sweep_at,
        [
            Check("sweep", int(stale), "The last sweep finished less than five minutes ago."),
            Check("service_end", await overdue_service_ends(late), "Every end of service is recorded."),
            Check("erasure", await overdue_erasures(late), "Every contract due for erasure is erased."),
            Check("breaker", await stopped_erasures(breaker, now), "No erasure waits for an operator's approval."),
            Check("holds", await count_holds_to_review(now), "No hold has reached the date of its review."),
            Check("set_aside", await failed_actions(), "No due action failed permanently."),
            *(Check(name, defects[name], promise) for name, promise in PROMISES.items()),
            *(Check(name, *found) for name, found in (await check_confirmations(now)).items()),
            Check("chain", await _count(_GAPS, RECENT), "No record is missing from the chain of evidence."),
            Check("mails_unsent", await _count(_UNSENT, late), "No mail is pending for more than five minutes."),
            Check("mails_failed", await _count(_FAILED), "No mail failed permanently."),
            await _check_webhooks(),
            await _check_failed_webhooks(),
        ],
    )


async def _check_webhooks() -> Check:
    disabled = await list_disabled_endpoints()
    named = f"Endpoints disabled by their answer 410: {', '.join(disabled)}."
    return Check("webhooks", len(disabled), named if disabled else "No endpoint of a webhook is disabled.")


async def _check_failed_webhooks() -> Check:
    failed = await count_failed_deliveries()
    named = ", ".join(f"{name}: {count}" for name, count in failed.items())
    detail = f"Webhooks that failed permanently: {named}." if failed else "No webhook failed permanently."
    return Check("webhooks_failed", sum(failed.values()), detail)


async def last_sweep() -> datetime | None:
    """Return when the last sweep finished, in real time."""
    run = await SweepRun.first()
    return run.finished_at if run else None


async def overdue_service_ends(instant: datetime) -> int:
    """Count the ends of service that were due by that instant and are not recorded."""
    return await _count(f"FROM contract WHERE {is_due(Action.END_SERVICE)}", instant)


async def overdue_erasures(instant: datetime) -> int:
    """Count the erasures that were due by that instant and are not done; erasures on hold are not due."""
    return await _count(f"FROM contract WHERE {is_due(Action.ERASE)}", instant)


async def stopped_erasures(breaker: Breaker, now: datetime) -> int:
    """Count the due erasures that the breaker stops."""
    assessment = await breaker.assess(now)
    return assessment.due if assessment.stopped else 0


async def failed_actions() -> int:
    """Count the due actions that failed permanently."""
    return await _count(f"FROM ({FAILED_ACTIONS}) AS failed")


async def _count(query: str, *values: object) -> int:
    rows = await fetch(f"SELECT count(*) AS count {query}", *values)
    count: int = rows[0]["count"]
    return count
