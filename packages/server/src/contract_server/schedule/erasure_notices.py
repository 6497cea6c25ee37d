"""Tell other services of erasures, seven days ahead: an event in the history, which the feed and webhooks carry.

The sweep does so after everything else that is due. An erasure that finds no notice records it with itself. A contract
that fails delays no other, and the next sweep tries it again.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from contract_server.clock import Clock
from contract_server.contracts.due import NOTICE, UNANNOUNCED
from contract_server.contracts.effects import writes_for_notice
from contract_server.contracts.store import lock_snapshot
from contract_server.db.availability import is_denied, is_unavailable
from contract_server.db.rows import write_rows
from contract_server.db.statements import fetch
from contract_server.db.transaction import transaction
from contract_server.erasure.erasures import SweepLimits
from contract_server.logs import get_logger

log = get_logger(__name__)

_DUE = f"""
    SELECT id FROM contract WHERE {UNANNOUNCED} AND erasure_due_at <= $1 AND id <> ALL ($2)
     ORDER BY erasure_due_at LIMIT $3
"""  # noqa: S608 - our own names


@dataclass(slots=True)
class NoticeReport:
    """The contracts whose notice could not be recorded, and whether the time sufficed."""

    failed: set[UUID] = field(default_factory=set)
    complete: bool = True


async def announce_erasures(clock: Clock, batch: int, limits: SweepLimits) -> NoticeReport:
    """Record all notices that are due, until the time is up."""
    report, skipped = NoticeReport(), set[UUID]()
    while due := await _find_due(clock, batch, report.failed | skipped):
        for contract_id in due:
            if limits.over:
                report.complete = False
                return report
            try:
                if not await _announce(contract_id, clock, skip_locked=limits.skip_locked):
                    skipped.add(contract_id)
            except Exception as error:
                if is_unavailable(error) or is_denied(error):
                    raise  # no other contract would succeed
                log.exception("erasure not announced", contract_id=contract_id)
                report.failed.add(contract_id)
    return report


async def _find_due(clock: Clock, batch: int, except_for: Collection[UUID]) -> list[UUID]:
    rows = await fetch(_DUE, await clock.now() + NOTICE, list(except_for), batch)
    return [row["id"] for row in rows]


async def _announce(contract_id: UUID, clock: Clock, *, skip_locked: bool) -> bool:
    async with transaction():
        contract = await lock_snapshot(contract_id, skip_locked=skip_locked)
        writes = writes_for_notice(contract, await clock.now()) if contract else []
        await write_rows(*writes)
    if contract and writes:
        log.info("erasure announced", contract_id=contract.id, application_id=contract.application_id)
    return bool(writes)
