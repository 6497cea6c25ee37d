"""A mail that was given up, and that a person has seen to since."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """One more state; the column is wide enough, and only what is said of it changes."""

    dependencies = [("contract_server", "0010_copied_evidence")]

    operations = [
        ops.AlterField(
            model_name="OutboxMail",
            name="state",
            field=fields.CharField(
                default="PENDING",
                description="PENDING: PENDING\nSENT: SENT\nFAILED: FAILED\nDISMISSED: DISMISSED",
                max_length=10,
            ),
        ),
    ]
