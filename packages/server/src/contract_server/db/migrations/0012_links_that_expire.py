"""Mails with links to a new password are deleted when the links have expired: of all mails, these are looked for."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WITH_LINKS = "CREATE INDEX outbox_mail_password_reset ON outbox_mail (dated_at) WHERE kind = 'password_reset'"


class Migration(migrations.Migration):
    """A partial index of the mails of half an hour."""

    dependencies = [("contract_server", "0011_dismissed_mails")]

    operations = [ops.RunSQL(WITH_LINKS, "DROP INDEX outbox_mail_password_reset")]
