from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Accounts that open nothing until they are enabled again."""

    dependencies = [("contract_server", "0022_traceparents")]

    operations = [
        ops.AddField(
            model_name="Account",
            name="disabled_at",
            field=fields.DatetimeField(
                null=True, description="since when it opens nothing", auto_now=False, auto_now_add=False
            ),
        )
    ]
