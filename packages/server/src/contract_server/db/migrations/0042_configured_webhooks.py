"""Endpoints of webhooks that a setting lists, and deliveries that an operator has dismissed."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

READY = "CREATE INDEX webhook_delivery_ready ON webhook_delivery (endpoint_id, next_attempt_at, id) WHERE state NOT IN"
DELIVERED = "CREATE INDEX webhook_delivery_delivered ON webhook_delivery (delivered_at) WHERE delivered_at IS NOT NULL"
DONE = (
    "CREATE INDEX webhook_delivery_done ON webhook_delivery (coalesce(delivered_at, dismissed_at))"
    " WHERE coalesce(delivered_at, dismissed_at) IS NOT NULL"
)


class Migration(migrations.Migration):
    dependencies = [("contract_server", "0041_ready_deliveries")]

    operations = [
        ops.AddField(
            model_name="WebhookEndpoint",
            name="by_setting",
            field=fields.BooleanField(db_default=False, description="whether the setting WEBHOOKS has added it"),
        ),
        ops.AddField(
            model_name="WebhookEndpoint",
            name="withdrawn_at",
            field=fields.DatetimeField(
                null=True,
                description="since when the setting names it no longer",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AlterField(
            model_name="WebhookEndpoint",
            name="disabled_at",
            field=fields.DatetimeField(
                null=True,
                description="set when the endpoint answered 410 or was withdrawn",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AddField(
            model_name="WebhookDelivery",
            name="dismissed_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AlterField(
            model_name="WebhookDelivery",
            name="state",
            field=fields.CharField(
                description="PENDING: PENDING\nDELIVERED: DELIVERED\nFAILED: FAILED\nDISMISSED: DISMISSED",
                max_length=10,
            ),
        ),
        ops.RunSQL("DROP INDEX webhook_delivery_ready", f"{READY} ('DELIVERED', 'FAILED')"),
        ops.RunSQL(f"{READY} ('DELIVERED', 'FAILED', 'DISMISSED')", "DROP INDEX webhook_delivery_ready"),
        ops.RunSQL("DROP INDEX webhook_delivery_delivered", DELIVERED),
        ops.RunSQL(DONE, "DROP INDEX webhook_delivery_done"),
    ]
