"""Whether the evidence of an erasure stands outside the database too: whoever was cut off before is made up for."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

TO_COPY = (
    "CREATE INDEX erasure_record_to_copy ON erasure_record (sequence)"
    " WHERE sequence IS NOT NULL AND evidence_file IS NULL"
)


class Migration(migrations.Migration):
    """A column for the file, and a partial index of the records that have none: nearly none."""

    dependencies = [("contract_server", "0009_withdrawable_reminders")]

    operations = [
        ops.AddField(
            model_name="ErasureRecord",
            name="evidence_file",
            field=fields.CharField(
                null=True, description="the file outside this database that has the evidence", max_length=100
            ),
        ),
        ops.RunSQL(TO_COPY, "DROP INDEX erasure_record_to_copy"),
    ]
