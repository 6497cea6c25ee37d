"""Lists show the newest contracts first: by the day on which they began, for ids that were brought along tell nothing."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """An index in the order of the lists."""

    dependencies = [("contract_server", "0012_links_that_expire")]

    operations = [
        ops.RunSQL(
            "CREATE INDEX contract_newest_first ON contract (started_on, id)", "DROP INDEX contract_newest_first"
        )
    ]
