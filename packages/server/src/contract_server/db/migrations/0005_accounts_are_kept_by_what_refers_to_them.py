"""What belongs to an account keeps it: erasure takes away each by name, and one that was forgotten is noticed."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

TABLES = ("idempotent_answer", "password_reset_token", "session")

# Tortoise's own change of a relation leaves the constraint of the database as it was.
_REFER_AGAIN = """
    ALTER TABLE {table} DROP CONSTRAINT {table}_account_id_fkey,
    ADD CONSTRAINT {table}_account_id_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE {on_delete}
"""


class Migration(migrations.Migration):
    """No row goes because another one went."""

    dependencies = [("contract_server", "0004_evidence_and_breaker")]

    operations = [
        ops.AlterField(
            model_name="IdempotentAnswer",
            name="account",
            field=fields.ForeignKeyField(
                "contract_server.Account",
                source_field="account_id",
                db_constraint=True,
                to_field="id",
                related_name="idempotent_answers",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AlterField(
            model_name="PasswordResetToken",
            name="account",
            field=fields.ForeignKeyField(
                "contract_server.Account",
                source_field="account_id",
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="password_reset_tokens",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AlterField(
            model_name="Session",
            name="account",
            field=fields.ForeignKeyField(
                "contract_server.Account",
                source_field="account_id",
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="sessions",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        *(
            ops.RunSQL(
                _REFER_AGAIN.format(table=table, on_delete="RESTRICT"),
                _REFER_AGAIN.format(table=table, on_delete="CASCADE"),
            )
            for table in TABLES
        ),
    ]
