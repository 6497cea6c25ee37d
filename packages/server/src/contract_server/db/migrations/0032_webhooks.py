"""Endpoints of webhooks, and what is delivered to them."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7

INDEXES = {
    "webhook_delivery_pending": "(endpoint_id, contract_id, position, id) WHERE state = 'PENDING'",
    "webhook_delivery_failed": "(endpoint_id) WHERE state = 'FAILED'",
    "webhook_delivery_delivered": "(delivered_at) WHERE delivered_at IS NOT NULL",
}


class Migration(migrations.Migration):
    dependencies = [("contract_server", "0031_feed")]

    operations = [
        ops.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=40)),
                ("url", fields.CharField(max_length=2000)),
                ("secrets", fields.CharField(description="the newest first, separated by spaces", max_length=200)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "queued_to",
                    fields.BigIntField(description="the position in the feed up to which changes are queued"),
                ),
                (
                    "disabled_at",
                    fields.DatetimeField(
                        null=True,
                        description="set when the endpoint answered 410",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "webhook_endpoint",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "A URL to which changes are sent.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "endpoint",
                    fields.ForeignKeyField(
                        "contract_server.WebhookEndpoint",
                        source_field="endpoint_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="deliveries",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("event_id", fields.UUIDField()),
                ("contract_id", fields.UUIDField()),
                (
                    "position",
                    fields.BigIntField(
                        description="of the change in the feed: those of a contract go out in this order"
                    ),
                ),
                ("state", fields.CharField(description="PENDING, DELIVERED, FAILED", max_length=10)),
                ("queued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("attempts", fields.IntField(default=0)),
                (
                    "next_attempt_at",
                    fields.DatetimeField(description="in real time", auto_now=False, auto_now_add=False),
                ),
                ("lease_token", fields.UUIDField(null=True)),
                ("lease_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("delivered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "failure",
                    fields.CharField(null=True, description="the last failure: a status, or its kind", max_length=100),
                ),
            ],
            options={
                "table": "webhook_delivery",
                "app": "contract_server",
                "unique_together": (("endpoint", "position"),),
                "pk_attr": "id",
                "table_description": "A change that is sent to an endpoint, until it is accepted.",
            },
            bases=["Model"],
        ),
        *(
            ops.RunSQL(f"CREATE INDEX {name} ON webhook_delivery {columns}", f"DROP INDEX {name}")
            for name, columns in INDEXES.items()
        ),
    ]
