"""What is due and held is looked for too, by whoever asks what falls due: the index of what is due leaves it out."""

from tortoise import migrations
from tortoise.migrations import operations as ops

HELD = (
    "CREATE INDEX contract_erasure_held ON contract (erasure_due_at)"
    " WHERE erasure_due_at IS NOT NULL AND hold_placed_at IS NOT NULL"
)


class Migration(migrations.Migration):
    """A partial index of the few contracts whose erasure is on hold."""

    dependencies = [("contract_server", "0007_reminders")]

    operations = [ops.RunSQL(HELD, "DROP INDEX contract_erasure_held")]
