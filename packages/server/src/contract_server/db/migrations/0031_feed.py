"""Indexes of the feed: the changes in their order, and those that have no position yet."""

from tortoise import migrations
from tortoise.migrations import operations as ops

INDEXES = {
    "contract_event_position": "UNIQUE INDEX CONCURRENTLY {} ON contract_event (position)",
    "contract_event_without_position": "INDEX CONCURRENTLY {} ON contract_event (coalesce(version, 0), at, id)"
    " WHERE position IS NULL",
}


class Migration(migrations.Migration):
    """Indexes that are built beside live traffic; one that was left unfinished is built again."""

    dependencies = [("contract_server", "0030_positions_of_changes")]

    atomic = False  # CONCURRENTLY needs statements of their own

    operations = [
        ops.RunSQL(
            [f"DROP INDEX CONCURRENTLY IF EXISTS {name}", f"CREATE {index.format(name)}"],
            f"DROP INDEX CONCURRENTLY {name}",
        )
        for name, index in INDEXES.items()
    ]
