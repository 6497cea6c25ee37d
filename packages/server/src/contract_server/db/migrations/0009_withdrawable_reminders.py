"""Who resumes withdraws the reminders that still wait: of one contract, however many mails wait for the mail server."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WITHDRAWABLE = (
    "CREATE INDEX outbox_mail_withdrawable ON outbox_mail (contract_id)"
    " WHERE state = 'PENDING' AND useful_until IS NOT NULL"
)


class Migration(migrations.Migration):
    """A partial index of the mails that wait and are of use for a time only: nearly none."""

    dependencies = [("contract_server", "0008_held_erasures")]

    operations = [ops.RunSQL(WITHDRAWABLE, "DROP INDEX outbox_mail_withdrawable")]
