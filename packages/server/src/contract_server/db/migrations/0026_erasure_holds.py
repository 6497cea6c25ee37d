"""Holds on erasures: each is a row that ends with its release, and stays."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7

# who placed a hold that is in force is written in the contract's history
BACKFILL = """
    INSERT INTO erasure_hold (id, contract_id, reason, placed_at, placed_by)
    SELECT gen_random_uuid(), contract.id, contract.hold_reason, contract.hold_placed_at,
           (SELECT account_id FROM contract_event AS event
             WHERE event.contract_id = contract.id AND event.type = 'ERASURE_HELD' ORDER BY at DESC, id DESC LIMIT 1)
      FROM contract WHERE hold_placed_at IS NOT NULL
"""


class Migration(migrations.Migration):
    """A table with the holds that are in force; those of servers of the version before are in the history alone."""

    dependencies = [("contract_server", "0025_address_changes")]

    operations = [
        ops.CreateModel(
            name="ErasureHold",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "contract",
                    fields.ForeignKeyField(
                        "contract_server.Contract",
                        source_field="contract_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="erasure_holds",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "reference",
                    fields.CharField(null=True, description="the case, by its number; survives erasure", max_length=40),
                ),
                ("reason", fields.CharField(null=True, max_length=500)),
                ("placed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("placed_by", fields.UUIDField(null=True, description="the operator's account")),
                (
                    "review_at",
                    fields.DatetimeField(
                        null=True,
                        description="from then on, operators are reminded of the hold",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("released_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("released_by", fields.UUIDField(null=True, description="the operator's account")),
                ("release_reason", fields.CharField(null=True, max_length=500)),
            ],
            options={
                "table": "erasure_hold",
                "app": "contract_server",
                "indexes": (("contract_id", "placed_at"),),
                "pk_attr": "id",
                "table_description": "A hold on an erasure. It ends with its release and stays; an erasure empties what operators wrote.",
            },
            bases=["Model"],
        ),
        # as of every column that erasure empties: no samples in the statistics
        *(
            ops.RunSQL(
                f"ALTER TABLE erasure_hold ALTER COLUMN {column} SET STATISTICS 0",
                f"ALTER TABLE erasure_hold ALTER COLUMN {column} SET STATISTICS -1",
            )
            for column in ("reason", "release_reason")
        ),
        ops.RunSQL(
            "CREATE INDEX erasure_hold_review ON erasure_hold (review_at) WHERE released_at IS NULL",
            "DROP INDEX erasure_hold_review",
        ),
        ops.RunSQL(BACKFILL, "DELETE FROM erasure_hold"),
    ]
