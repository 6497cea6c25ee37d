from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """An index in the order of attempts, by which each endpoint's share is claimed."""

    dependencies = [("contract_server", "0040_address_links_that_expire")]

    operations = [
        ops.RunSQL(
            "CREATE INDEX webhook_delivery_ready ON webhook_delivery (endpoint_id, next_attempt_at, id)"
            " WHERE state NOT IN ('DELIVERED', 'FAILED')",
            "DROP INDEX webhook_delivery_ready",
        ),
    ]
