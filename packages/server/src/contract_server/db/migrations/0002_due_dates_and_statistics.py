"""What models cannot say: partial indexes for what is due, and no statistics of personal columns."""

from tortoise import migrations
from tortoise.migrations import operations as ops

INDEXES = (
    ("contract_service_end_due", "contract (service_end_due_at)", "service_end_due_at IS NOT NULL"),
    (
        "contract_erasure_due",
        "contract (erasure_due_at)",
        "erasure_due_at IS NOT NULL AND hold_placed_at IS NULL",
    ),
    ("outbox_mail_pending", "outbox_mail (next_attempt_at, id)", "state = 'PENDING'"),
)
ONE_APPLICATION_IN_FORCE = (
    "CREATE UNIQUE INDEX termination_application_in_force ON termination_application (contract_id)"
    " WHERE withdrawn_at IS NULL"
)

# PostgreSQL keeps samples of a column's values in its statistics, where they outlive the rows that held them.
PERSONAL_COLUMNS = {
    "account": ("name", "email", "password_hash"),
    "company": ("name", "address", "postal_code", "phone_number"),
    "contract": ("hold_reason",),
    "idempotent_answer": ("key", "answer"),
    "member": ("name", "email"),
    "outbox_mail": ("recipient", "subject", "body"),
    "password_reset_token": ("token_hash",),
    "session": ("token_hash",),
}


class Migration(migrations.Migration):
    """Partial indexes, and columns that leave no trace in the statistics."""

    dependencies = [("contract_server", "0001_initial")]

    operations = [
        *(
            ops.RunSQL(f"CREATE INDEX {name} ON {columns} WHERE {condition}", f"DROP INDEX {name}")
            for name, columns, condition in INDEXES
        ),
        ops.RunSQL(ONE_APPLICATION_IN_FORCE, "DROP INDEX termination_application_in_force"),
        *(
            ops.RunSQL(
                f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0",
                f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS -1",
            )
            for table, columns in PERSONAL_COLUMNS.items()
            for column in columns
        ),
    ]
