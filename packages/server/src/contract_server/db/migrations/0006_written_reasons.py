from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Why an operator did it, in the events; and a quick answer to which versions of the policy are in use."""

    dependencies = [("contract_server", "0005_accounts_are_kept_by_what_refers_to_them")]

    operations = [
        ops.AddField(
            model_name="ContractEvent",
            name="note",
            field=fields.CharField(
                null=True,
                description="an operator's own words: why they did it on the contractor's behalf",
                max_length=500,
            ),
        ),
        ops.AlterModelOptions(
            name="ContractEvent",
            options={
                "table": "contract_event",
                "app": "contract_server",
                "indexes": (("contract_id", "at", "id"),),
                "pk_attr": "id",
                "table_description": "Something that happened to a contract. Survives erasure, but for the note: nobody can promise what is in it.",
            },
        ),
        # as of every personal column: no samples in the statistics
        ops.RunSQL(
            "ALTER TABLE contract_event ALTER COLUMN note SET STATISTICS 0",
            "ALTER TABLE contract_event ALTER COLUMN note SET STATISTICS -1",
        ),
        ops.RunSQL(
            "CREATE INDEX termination_application_policy_version ON termination_application (policy_version)",
            "DROP INDEX termination_application_policy_version",
        ),
    ]
