"""Which version of a contract each event led to."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """A column that is empty where an event is older than it."""

    dependencies = [("contract_server", "0014_policy_terms")]

    operations = [
        ops.AddField(
            model_name="ContractEvent",
            name="version",
            field=fields.IntField(
                null=True, description="the contract's version after it; not known of events before this was kept"
            ),
        ),
    ]
