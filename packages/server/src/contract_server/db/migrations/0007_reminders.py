from tortoise import fields, migrations
from tortoise.migrations import operations as ops

DUE = (
    "CREATE INDEX termination_application_reminder_due ON termination_application (next_reminder_at)"
    " WHERE next_reminder_at IS NOT NULL AND withdrawn_at IS NULL"
)
# The first look at applications made before: on the day on which the first window opens, or at once where it has.
FIRST_LOOK = """
    UPDATE termination_application AS application SET next_reminder_at = resumption_at - interval '3 days'
      FROM contract WHERE contract.id = contract_id AND withdrawn_at IS NULL AND contract.status = 'TERMINATED'
"""


class Migration(migrations.Migration):
    """When to look whether a contractor is to be reminded, and until when a reminder is of any use."""

    dependencies = [("contract_server", "0006_written_reasons")]

    operations = [
        ops.AddField(
            model_name="TerminationApplication",
            name="next_reminder_at",
            field=fields.DatetimeField(
                null=True, description="when to look next whether to remind the contractor of what is about to end"
            ),
        ),
        ops.AddField(
            model_name="OutboxMail",
            name="useful_until",
            field=fields.DatetimeField(
                null=True, description="by the contracts' clock; from then on it is not sent any more"
            ),
        ),
        ops.RunSQL(DUE, "DROP INDEX termination_application_reminder_due"),
        ops.RunSQL(FIRST_LOOK, "SELECT"),
    ]
