"""Registrations that services have put by idempotency keys."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.db_defaults import Now
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """The key is client input, so it leaves no samples in the statistics."""

    dependencies = [("contract_server", "0034_registration_events")]

    operations = [
        ops.CreateModel(
            name="RegistrationRequest",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "service",
                    fields.ForeignKeyField(
                        "contract_server.ServiceAccount",
                        source_field="service_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="registration_requests",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "contract",
                    fields.ForeignKeyField(
                        "contract_server.Contract",
                        source_field="contract_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="registration_requests",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("key", fields.CharField(max_length=255)),
                ("input_hash", fields.BinaryField(description="SHA-256 of the input")),
                ("version", fields.IntField()),
                ("differences", fields.JSONField(description="names of fields, and ids of members")),
                (
                    "answered_at",
                    fields.DatetimeField(
                        db_default=Now(),
                        db_index=True,
                        description="in real time",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "registration_request",
                "app": "contract_server",
                "unique_together": (("service", "key"),),
                "pk_attr": "id",
                "table_description": (
                    "A registration that a service has put by an idempotency key, with the version that it led to."
                ),
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            "ALTER TABLE registration_request ALTER COLUMN key SET STATISTICS 0",
            "ALTER TABLE registration_request ALTER COLUMN key SET STATISTICS -1",
        ),
    ]
