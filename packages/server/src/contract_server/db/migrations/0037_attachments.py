from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Documents that go along with a mail. They are personal, so no statistics of them are kept."""

    dependencies = [("contract_server", "0036_members_in_order")]

    operations = [
        ops.AddField(
            model_name="OutboxMail",
            name="attachments",
            field=fields.TextField(null=True, description="JSON: name, subtype and text of each"),
        ),
        ops.RunSQL(
            "ALTER TABLE outbox_mail ALTER COLUMN attachments SET STATISTICS 0",
            "ALTER TABLE outbox_mail ALTER COLUMN attachments SET STATISTICS -1",
        ),
    ]
