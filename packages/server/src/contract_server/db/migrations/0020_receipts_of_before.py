"""The numbers of applications that were made before they had one."""

from tortoise import fields, migrations
from tortoise.fields.db_defaults import SqlDefault
from tortoise.migrations import operations as ops

FILL = """
    DO $$
    DECLARE
        last uuid := '00000000-0000-0000-0000-000000000000';
        batch uuid[];
    BEGIN
        LOOP
            SELECT array_agg(id ORDER BY id) INTO batch FROM (
                SELECT id FROM termination_application WHERE id > last ORDER BY id LIMIT 10000) AS next;
            EXIT WHEN batch IS NULL;
            UPDATE termination_application SET receipt_number = new_receipt_number()
             WHERE id = ANY (batch) AND receipt_number IS NULL;
            last := batch[array_length(batch, 1)];
            COMMIT;
        END LOOP;
    END $$
"""
UNIQUE = "termination_application_receipt_number"


class Migration(migrations.Migration):
    """Numbers in batches, beside live traffic; what was left unfinished is done again."""

    dependencies = [("contract_server", "0019_receipt_numbers")]

    atomic = False  # each batch, and CONCURRENTLY, need statements of their own

    operations = [
        ops.RunSQL(FILL, ops.RunSQL.noop),
        ops.RunSQL(
            [
                f"DROP INDEX CONCURRENTLY IF EXISTS {UNIQUE}",
                f"CREATE UNIQUE INDEX CONCURRENTLY {UNIQUE} ON termination_application (receipt_number)",
            ],
            f"DROP INDEX CONCURRENTLY {UNIQUE}",
        ),
        ops.AlterField(
            model_name="TerminationApplication",
            name="receipt_number",
            field=fields.CharField(
                db_default=SqlDefault("new_receipt_number()"),
                description="受付番号, without hyphens; its holder may ask what became of it",
                max_length=12,
            ),
        ),
    ]
