from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7


class Migration(migrations.Migration):
    """Accounts of other services, and their tokens."""

    dependencies = [("contract_server", "0028_approval_requests")]

    operations = [
        ops.CreateModel(
            name="ServiceAccount",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=40)),
                ("scopes", fields.CharField(description="separated by spaces", max_length=100)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "service_account",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": (
                    "Another service. Its row stays after it was revoked, because the audit trail refers to it."
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ServiceToken",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "token_hash",
                    fields.CharField(unique=True, description="keyed hash of a 256-bit random token", max_length=64),
                ),
                (
                    "service",
                    fields.ForeignKeyField(
                        "contract_server.ServiceAccount",
                        source_field="service_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="tokens",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "last_used_at",
                    fields.DatetimeField(null=True, description="to the minute", auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "service_token",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "A token of a service. While one replaces another, both are valid.",
            },
            bases=["Model"],
        ),
    ]
