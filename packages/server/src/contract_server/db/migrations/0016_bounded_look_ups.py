"""Indexes for statements that recur: their cost does not grow with the number of contracts or with history."""

from tortoise import migrations
from tortoise.migrations import operations as ops

INDEXES = {
    "contract_by_status": "contract (status, started_on, id)",
    "contract_erased": "contract (erased_at) WHERE erased_at IS NOT NULL",
    "contract_held": "contract (started_on, id) WHERE hold_placed_at IS NOT NULL",
    "due_failure_set_aside": "due_failure (set_aside_at) WHERE set_aside_at IS NOT NULL",
    "idempotent_answer_answered": "idempotent_answer (answered_at)",
    "outbox_mail_failed": "outbox_mail (id) WHERE state = 'FAILED'",
    "password_reset_token_expires": "password_reset_token (expires_at)",
    "session_expires": "session (expires_at)",
}


class Migration(migrations.Migration):
    """Indexes that are built beside live traffic; one that was left unfinished is built again."""

    dependencies = [("contract_server", "0015_versions_of_events")]

    atomic = False  # CONCURRENTLY needs statements of their own

    operations = [
        ops.RunSQL(
            [f"DROP INDEX CONCURRENTLY IF EXISTS {name}", f"CREATE INDEX CONCURRENTLY {name} ON {columns}"],
            f"DROP INDEX CONCURRENTLY {name}",
        )
        for name, columns in INDEXES.items()
    ]
