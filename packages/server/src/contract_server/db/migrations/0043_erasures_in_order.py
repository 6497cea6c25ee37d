from tortoise import migrations
from tortoise.migrations import operations as ops


def _replace(columns: str) -> list[str]:
    """Replace the index by one on these columns, which takes its name once it is built."""
    condition = "erasure_due_at IS NOT NULL AND hold_placed_at IS NULL"
    return [
        "DROP INDEX CONCURRENTLY IF EXISTS contract_erasure_due_new",
        f"CREATE INDEX CONCURRENTLY contract_erasure_due_new ON contract ({columns}) WHERE {condition}",
        "DROP INDEX CONCURRENTLY IF EXISTS contract_erasure_due",
        "ALTER INDEX contract_erasure_due_new RENAME TO contract_erasure_due",
    ]


class Migration(migrations.Migration):
    """An index in the whole order in which erasures are listed: thousands are due at the same midnight."""

    dependencies = [("contract_server", "0042_configured_webhooks")]

    atomic = False  # CONCURRENTLY needs statements of their own

    operations = [ops.RunSQL(_replace("erasure_due_at, id"), _replace("erasure_due_at"))]
