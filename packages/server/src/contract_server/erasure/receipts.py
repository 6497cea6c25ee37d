"""What became of an application, for the holder of its receipt number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from contract_server.accounts.rate_limit import Limit
from contract_server.accounts.rate_limit_store import RateLimitStore, TooManyAttempts
from contract_server.accounts.source_limits import SourceLimits
from contract_server.clock import CoarseClock
from contract_server.contracts.lookup.receipt_numbers import format_receipt_number, parse_receipt_number
from contract_server.db.statements import fetch
from contract_server.request_limits import RateLimited

LOOK_UPS = 30
WINDOW = timedelta(minutes=5)

_FIND = """
    SELECT application.requested_at, application.withdrawn_at, contract.erased_at, record.hash
      FROM termination_application AS application
      JOIN contract ON contract.id = application.contract_id
      LEFT JOIN erasure_record AS record ON record.application_id = application.id AND record.contract_id = contract.id
     WHERE application.receipt_number = $1
"""


class ReceiptStatus(StrEnum):
    """What became of an application."""

    ACCEPTED = "ACCEPTED"
    RESUMED = "RESUMED"
    ERASED = "ERASED"


@dataclass(frozen=True, slots=True)
class Receipt:
    """An application, as the holder of its number may know it."""

    number: str
    status: ReceiptStatus
    accepted_at: datetime
    resumed_at: datetime | None
    erased_at: datetime | None
    evidence_hash: str | None


class Receipts:
    """Looks up receipt numbers. Guessing one is hopeless; the limit protects the database."""

    def __init__(self, rate_limits: RateLimitStore) -> None:
        self._rate_limits = rate_limits
        self._limits = SourceLimits(rate_limits, "receipt", Limit(LOOK_UPS, WINDOW, growing=False))
        self._clock = CoarseClock()

    async def find(self, typed: str, client_address: str) -> Receipt | None:
        """Find the application of a number; None if there is none.

        Raises:
            RateLimited: Too many look-ups came from the client's network.
        """
        number = parse_receipt_number(typed)
        if number is None:
            return None
        try:
            await self._rate_limits.begin(self._limits.of(client_address))
        except TooManyAttempts as refusal:
            raise RateLimited(refusal.retry_at - await self._clock.now()) from None
        rows = await fetch(_FIND, number)
        return _receipt(number, rows[0]) if rows else None


def _receipt(number: str, row: Mapping[str, Any]) -> Receipt:
    if row["withdrawn_at"]:
        status = ReceiptStatus.RESUMED
    else:
        status = ReceiptStatus.ERASED if row["erased_at"] else ReceiptStatus.ACCEPTED
    is_erased = status is ReceiptStatus.ERASED
    return Receipt(
        number=format_receipt_number(number),
        status=status,
        accepted_at=row["requested_at"],
        resumed_at=row["withdrawn_at"],
        erased_at=row["erased_at"] if is_erased else None,
        evidence_hash=row["hash"] if is_erased else None,
    )
