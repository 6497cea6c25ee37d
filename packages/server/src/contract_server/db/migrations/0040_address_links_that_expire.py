"""Mails with links to a new address are emptied when they are sent, and deleted when the links have expired."""

from tortoise import migrations
from tortoise.migrations import operations as ops

KINDS = "kind IN ('address_change', 'new_address')"
WITH_LINKS = f"CREATE INDEX outbox_mail_address_links ON outbox_mail (dated_at) WHERE {KINDS}"
SENT = f"UPDATE outbox_mail SET body = '' WHERE {KINDS} AND state = 'SENT'"  # noqa: S608 - the names above


class Migration(migrations.Migration):
    """A partial index of the mails of a day. The links of those that were sent before are removed."""

    dependencies = [("contract_server", "0039_erasures_to_announce")]

    operations = [
        ops.RunSQL(WITH_LINKS, "DROP INDEX outbox_mail_address_links"),
        ops.RunSQL(SENT, ops.RunSQL.noop),
    ]
