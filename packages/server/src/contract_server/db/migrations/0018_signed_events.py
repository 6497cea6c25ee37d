"""Indexes for the events of contracts in the audit trail."""

from tortoise import migrations
from tortoise.migrations import operations as ops

INDEXES = {
    "contract_event_newest": "contract_event (at, id)",
    "contract_event_by_account": "contract_event (account_id, at, id) WHERE account_id IS NOT NULL",
    "contract_event_by_seal": "contract_event (seal) WHERE account_id IS NOT NULL",
}


class Migration(migrations.Migration):
    """Indexes that are built beside live traffic; one that was left unfinished is built again."""

    dependencies = [("contract_server", "0017_audit_trail")]

    atomic = False  # CONCURRENTLY needs statements of their own

    operations = [
        ops.RunSQL(
            [f"DROP INDEX CONCURRENTLY IF EXISTS {name}", f"CREATE INDEX CONCURRENTLY {name} ON {columns}"],
            f"DROP INDEX CONCURRENTLY {name}",
        )
        for name, columns in INDEXES.items()
    ]
