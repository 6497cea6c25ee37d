from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """The place of each event in the feed. Events of before get theirs when the feed is read."""

    dependencies = [("contract_server", "0029_service_accounts")]

    operations = [
        ops.AddField(
            model_name="ContractEvent",
            name="position",
            field=fields.BigIntField(null=True, description="its place in the feed; empty until it has one"),
        )
    ]
