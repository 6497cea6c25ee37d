"""What falls due when: the same columns that the sweep goes by, for whoever wants to know beforehand."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contract_server.contracts.models import Act
from contract_server.db.transaction import current_connection

_DUE = """
    SELECT id, act, due_at, on_hold FROM (
        (SELECT id, 'END_SERVICE' AS act, service_end_due_at AS due_at, false AS on_hold FROM contract
          WHERE service_end_due_at <= $1 ORDER BY service_end_due_at LIMIT $2)
        UNION ALL
        (SELECT id, 'ERASE', erasure_due_at, false FROM contract
          WHERE erasure_due_at <= $1 AND hold_placed_at IS NULL ORDER BY erasure_due_at LIMIT $2)
        UNION ALL
        (SELECT id, 'ERASE', erasure_due_at, true FROM contract
          WHERE erasure_due_at <= $1 AND hold_placed_at IS NOT NULL ORDER BY erasure_due_at LIMIT $2)
    ) AS due ORDER BY due_at, act, id LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Due:
    """Something that falls due; a hold keeps an erasure from happening all the same."""

    contract_id: UUID
    act: Act
    due_at: datetime
    on_hold: bool


async def find_due(by: datetime, limit: int) -> list[Due]:
    """What falls due by that instant and has not been done, the oldest first."""
    rows = await current_connection().execute_query_dict(_DUE, [by, limit])
    return [Due(row["id"], Act(row["act"]), row["due_at"], row["on_hold"]) for row in rows]
