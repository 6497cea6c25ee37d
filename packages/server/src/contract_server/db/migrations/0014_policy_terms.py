"""A version of the policy keeps the terms that it had when it was first used."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.fields.db_defaults import Now
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Where terms are recorded. Processes record those that are in use when they start."""

    dependencies = [("contract_server", "0013_newest_first")]

    operations = [
        ops.CreateModel(
            name="PolicyTerms",
            fields=[
                ("version", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=50)),
                (
                    "fingerprint",
                    fields.CharField(description="SHA-256 of the terms, in hexadecimal", max_length=64),
                ),
                (
                    "terms",
                    fields.JSONField(
                        description="the terms themselves, to name what has changed", encoder=JSON_DUMPS, decoder=loads
                    ),
                ),
                (
                    "recorded_at",
                    fields.DatetimeField(
                        description="in real time", db_default=Now(), auto_now=False, auto_now_add=False
                    ),
                ),
            ],
            options={
                "table": "policy_terms",
                "app": "contract_server",
                "pk_attr": "version",
                "table_description": "The terms of one version of the policy as they were when it was first used. Never changed, never deleted.",
            },
            bases=["Model"],
        ),
    ]
