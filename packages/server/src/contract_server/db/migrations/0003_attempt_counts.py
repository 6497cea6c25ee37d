from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Where tries to log in are counted."""

    dependencies = [("contract_server", "0002_due_dates_and_statistics")]

    operations = [
        ops.CreateModel(
            name="AttemptCount",
            fields=[
                (
                    "key",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="HMAC-SHA-256 of whom and where the tries are about",
                        max_length=64,
                    ),
                ),
                ("tries", fields.IntField(description="in the present window")),
                (
                    "full_windows",
                    fields.IntField(description="windows before this one that were filled, each soon after the other"),
                ),
                (
                    "began_at",
                    fields.DatetimeField(
                        description="when the window opened, in real time", auto_now=False, auto_now_add=False
                    ),
                ),
                (
                    "ends_at",
                    fields.DatetimeField(
                        db_index=True,
                        description="when the window, or the wait that followed it, is over",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "attempt_count",
                "app": "contract_server",
                "pk_attr": "key",
                "table_description": "Tries that are counted under one key, so that nobody can go on guessing. Deleted soon after their window.",
            },
            bases=["Model"],
        ),
        # as of every personal column: no samples in the statistics
        ops.RunSQL(
            "ALTER TABLE attempt_count ALTER COLUMN key SET STATISTICS 0",
            "ALTER TABLE attempt_count ALTER COLUMN key SET STATISTICS -1",
        ),
    ]
