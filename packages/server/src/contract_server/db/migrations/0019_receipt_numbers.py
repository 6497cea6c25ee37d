"""受付番号: the number of each application."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# as `contracts/lookup/receipt_numbers.py`, for applications of before, and for those of servers of the version before
NEW_NUMBER = """
    CREATE OR REPLACE FUNCTION new_receipt_number() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
    DECLARE
        alphabet CONSTANT text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
        random bytea := uuid_send(gen_random_uuid());
        number text := '';
        value int := 0;
        digit int;
    BEGIN
        FOREACH digit IN ARRAY ARRAY[0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13] LOOP  -- bytes 6 and 8 are not random
            digit := get_byte(random, digit) & 31;
            number := number || substr(alphabet, digit + 1, 1);
            value := (value # (value << 1)) # digit;
            value := CASE WHEN value & 32 = 32 THEN value # 37 ELSE value END;
        END LOOP;
        value := value # (value << 1);
        RETURN number || substr(alphabet, (CASE WHEN value & 32 = 32 THEN value # 37 ELSE value END) + 1, 1);
    END $$
"""


class Migration(migrations.Migration):
    """A column that the database fills, so that servers of the version before go on."""

    dependencies = [("contract_server", "0018_signed_events")]

    operations = [
        ops.RunSQL(NEW_NUMBER, "DROP FUNCTION new_receipt_number"),
        ops.AddField(
            model_name="TerminationApplication",
            name="receipt_number",
            field=fields.CharField(
                null=True, description="受付番号, without hyphens; its holder may ask what became of it", max_length=12
            ),
        ),
        ops.RunSQL(
            "ALTER TABLE termination_application ALTER COLUMN receipt_number SET DEFAULT new_receipt_number()",
            "ALTER TABLE termination_application ALTER COLUMN receipt_number DROP DEFAULT",
        ),
        ops.AddField(
            model_name="ErasureRecord",
            name="receipt_number",
            field=fields.CharField(
                null=True, description="the application's, as it is shown; none before there were any", max_length=14
            ),
        ),
    ]
