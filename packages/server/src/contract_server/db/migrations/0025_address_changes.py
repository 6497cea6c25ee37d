from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7

PERSONAL = ("new_email", "old_token_hash", "new_token_hash")


class Migration(migrations.Migration):
    """Changes of addresses that wait for their confirmation."""

    dependencies = [("contract_server", "0024_second_factors")]

    operations = [
        ops.CreateModel(
            name="AddressChange",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "account",
                    fields.OneToOneField(
                        "contract_server.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="address_change",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("new_email", fields.CharField(max_length=254)),
                (
                    "old_token_hash",
                    fields.CharField(
                        null=True,
                        unique=True,
                        description="of the link to the present address; null once used",
                        max_length=64,
                    ),
                ),
                (
                    "new_token_hash",
                    fields.CharField(
                        null=True,
                        unique=True,
                        description="of the link to the new address; null once used",
                        max_length=64,
                    ),
                ),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "address_change",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "A change of an account's address that waits for its confirmation from both mailboxes.",
            },
            bases=["Model"],
        ),
        *(
            ops.RunSQL(
                f"ALTER TABLE address_change ALTER COLUMN {column} SET STATISTICS 0",
                f"ALTER TABLE address_change ALTER COLUMN {column} SET STATISTICS -1",
            )
            for column in PERSONAL
        ),
        ops.RunSQL(
            "CREATE INDEX address_change_expires ON address_change (expires_at)", "DROP INDEX address_change_expires"
        ),
    ]
