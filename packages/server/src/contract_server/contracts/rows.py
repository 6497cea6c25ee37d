"""A contract read by hand-written statements: the columns to select, and the snapshot that such a row makes.

A statement selects `SNAPSHOT_COLUMNS` from `contract`, joined by `APPLICATION_IN_FORCE`. The models remain the schema;
a column that is missing here is one that nobody who reads by hand needs.
"""

from typing import Any

from contract_rules import Application, Deadline, Facts, Status, Timeline
from contract_server.contracts.models import TerminationReason
from contract_server.contracts.snapshot import ContractSnapshot, Hold

SNAPSHOT_COLUMNS = """
    contract.id AS contract_id, contract.version, contract.status, contract.started_on, contract.applications,
    contract.hold_placed_at, contract.hold_reason,
    applied.id AS application_id, applied.number, applied.requested_at, applied.requested_on, applied.reason,
    applied.policy_version, applied.service_end_last_day, applied.service_end_at, applied.resumption_last_day,
    applied.resumption_at, applied.erasure_last_day, applied.erasure_at, applied.service_ended_at
"""

APPLICATION_IN_FORCE = """
    LEFT JOIN termination_application AS applied
           ON applied.contract_id = contract.id AND applied.withdrawn_at IS NULL
"""


def snapshot_of(row: Any) -> ContractSnapshot:  # noqa: ANN401 - asyncpg ships no types
    """The contract of a row."""
    reason, placed_at = row["reason"], row["hold_placed_at"]
    return ContractSnapshot(
        id=row["contract_id"],
        started_on=row["started_on"],
        facts=Facts(
            status=Status(row["status"]),
            version=row["version"],
            applications=row["applications"],
            application=None if row["application_id"] is None else _application(row),
            service_ended=row["service_ended_at"] is not None,
            erasure_held=placed_at is not None,
        ),
        application_id=row["application_id"],
        reason=None if reason is None else TerminationReason(reason),
        hold=None if placed_at is None else Hold(placed_at, row["hold_reason"] or ""),
    )


def _application(row: Any) -> Application:  # noqa: ANN401 - as above
    return Application(
        number=row["number"],
        requested_at=row["requested_at"],
        timeline=Timeline(
            requested_on=row["requested_on"],
            policy_version=row["policy_version"],
            service_end=Deadline(row["service_end_last_day"], row["service_end_at"]),
            resumption=Deadline(row["resumption_last_day"], row["resumption_at"]),
            erasure=Deadline(row["erasure_last_day"], row["erasure_at"]),
        ),
    )
