"""The index of erasures that other services were not told of."""

from tortoise import migrations
from tortoise.migrations import operations as ops

UNANNOUNCED = "contract_erasure_unannounced"
COLUMNS = (
    "contract (erasure_due_at)"
    " WHERE erasure_due_at IS NOT NULL AND erasure_announced_for IS DISTINCT FROM erasure_due_at"
)


class Migration(migrations.Migration):
    """An index that is built beside live traffic; one that was left unfinished is built again."""

    dependencies = [("contract_server", "0038_erasures_downstream")]

    atomic = False  # CONCURRENTLY needs a statement of its own

    operations = [
        ops.RunSQL(
            [
                f"DROP INDEX CONCURRENTLY IF EXISTS {UNANNOUNCED}",
                f"CREATE INDEX CONCURRENTLY {UNANNOUNCED} ON {COLUMNS}",
            ],
            f"DROP INDEX CONCURRENTLY {UNANNOUNCED}",
        )
    ]
