from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """An index in the order in which the members of a contract are exported; it finds all that the former one did."""

    dependencies = [("contract_server", "0035_registration_requests")]

    operations = [
        ops.AlterField(
            model_name="Member",
            name="contract",
            field=fields.ForeignKeyField(
                "contract_server.Contract",
                source_field="contract_id",
                db_index=False,
                db_constraint=True,
                to_field="id",
                related_name="members",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddIndex(model_name="Member", index=Index(fields=["contract_id", "id"])),
    ]
