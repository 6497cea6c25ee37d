from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """The span that caused a mail, so that the worker's span belongs to the same trace."""

    dependencies = [("contract_server", "0021_search")]

    operations = [
        ops.AddField(
            model_name="OutboxMail",
            name="traceparent",
            field=fields.CharField(null=True, description="the span that caused it, for the trace", max_length=55),
        )
    ]
