from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """The chain of evidence, the breaker and its approvals, and what failed when it fell due."""

    dependencies = [("contract_server", "0003_attempt_counts")]

    operations = [
        ops.CreateModel(
            name="DueFailure",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "contract",
                    fields.ForeignKeyField(
                        "contract_server.Contract",
                        source_field="contract_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="due_failures",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "act",
                    fields.CharField(description="END_SERVICE: END_SERVICE\nERASE: ERASE", max_length=20),
                ),
                (
                    "due_at",
                    fields.DatetimeField(
                        description="the instant for which it failed; for another one it counts no more",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("tries", fields.IntField()),
                (
                    "failure",
                    fields.CharField(description="the kind of the last failure, never its text", max_length=100),
                ),
                (
                    "next_try_at",
                    fields.DatetimeField(description="by the contracts' clock", auto_now=False, auto_now_add=False),
                ),
                (
                    "set_aside_at",
                    fields.DatetimeField(
                        null=True, description="when it was tried for the last time", auto_now=False, auto_now_add=False
                    ),
                ),
            ],
            options={
                "table": "due_failure",
                "app": "contract_server",
                "unique_together": (("contract", "act"),),
                "pk_attr": "id",
                "table_description": "An act that fell due and failed: tried again after growing pauses, and at last set aside for a person to look.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ErasureApproval",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("approved_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "due_until",
                    fields.DatetimeField(
                        description="what was due by this instant was seen", auto_now=False, auto_now_add=False
                    ),
                ),
                ("contracts", fields.IntField(description="how many contracts that were")),
                (
                    "after_sequence",
                    fields.BigIntField(description="the last place in the chain of evidence when that was seen"),
                ),
                (
                    "ended_at",
                    fields.DatetimeField(
                        null=True,
                        description="when all of them were done, or another approval came",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "erasure_approval",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "An operator's word that a wave of erasures, larger than the breaker lets pass, is meant; and no later one.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ErasureStop",
            fields=[
                ("id", fields.SmallIntField(generated=False, primary_key=True, default=1, unique=True, db_index=True)),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "alarmed_at",
                    fields.DatetimeField(
                        description="when the alarm was last given", auto_now=False, auto_now_add=False
                    ),
                ),
            ],
            options={
                "table": "erasure_stop",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "The one row that says since when the breaker holds erasures back; there is none while it lets them pass.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="ErasureRecord",
            name="batches",
            field=fields.IntField(default=0, description="transactions that destroyed something", db_default=0),
        ),
        ops.AddField(
            model_name="ErasureRecord",
            name="hash",
            field=fields.CharField(null=True, description="SHA-256 of all of the above, in hexadecimal", max_length=64),
        ),
        ops.AddField(
            model_name="ErasureRecord",
            name="ledger_file",
            field=fields.CharField(
                null=True, description="the file outside this database that says so too", max_length=100
            ),
        ),
        ops.AddField(
            model_name="ErasureRecord",
            name="previous_hash",
            field=fields.CharField(null=True, description="hash of the record before it in the chain", max_length=64),
        ),
        ops.AddField(
            model_name="ErasureRecord",
            name="replayed",
            field=fields.BooleanField(
                default=False, description="erased again, because a backup had brought it back", db_default=False
            ),
        ),
        ops.AddField(
            model_name="ErasureRecord",
            name="rows_left",
            field=fields.JSONField(
                null=True, description="what was read back: nothing, by table", encoder=JSON_DUMPS, decoder=loads
            ),
        ),
        ops.AddField(
            model_name="ErasureRecord",
            name="schema_version",
            field=fields.CharField(null=True, description="the last migration when it was finished", max_length=100),
        ),
        ops.AddField(
            model_name="ErasureRecord",
            name="sequence",
            field=fields.BigIntField(null=True, unique=True, description="the place in the chain of finished erasures"),
        ),
    ]
