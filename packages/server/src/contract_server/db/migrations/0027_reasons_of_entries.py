"""Why an operator did it, in the audit trail."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# sealing sets a seal once, an erasure empties reason and source, and retention deletes
APPEND_ONLY = """
    CREATE OR REPLACE FUNCTION audit_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND current_setting('contract_server.audit_retention', true) = 'on' THEN
            RETURN OLD;
        END IF;
        IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - {emptied} - 'seal' = to_jsonb(OLD) - {emptied} - 'seal'
           AND (OLD.seal IS NULL OR NEW.seal = OLD.seal) AND {kept} THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$
"""


def append_only(*emptied: str) -> str:
    kept = (f"(NEW.{column} IS NULL OR NEW.{column} = OLD.{column})" for column in emptied)
    names = " - ".join(f"'{column}'" for column in emptied)
    return APPEND_ONLY.format(emptied=names, kept=" AND ".join(kept))


class Migration(migrations.Migration):
    """A column that erasure empties; seals do not cover it."""

    dependencies = [("contract_server", "0026_erasure_holds")]

    operations = [
        ops.AddField(
            model_name="AuditEntry",
            name="reason",
            field=fields.CharField(null=True, description="why, in an operator's own words", max_length=500),
        ),
        ops.RunSQL(
            "ALTER TABLE audit_entry ALTER COLUMN reason SET STATISTICS 0",
            "ALTER TABLE audit_entry ALTER COLUMN reason SET STATISTICS -1",
        ),
        ops.RunSQL(append_only("source", "reason"), append_only("source")),
    ]
