"""The audit trail: who did what, when, from where."""

from tortoise import fields, migrations
from tortoise.fields.db_defaults import SqlDefault
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7

ACTIONS = (
    "CONTRACT_CHANGED",
    "LOGGED_IN",
    "LOG_IN_FAILED",
    "LOGGED_OUT",
    "PASSWORD_LINK_REQUESTED",
    "PASSWORD_REPLACED",
    "ACCOUNT_ADDED",
    "ACCOUNT_UNLOCKED",
    "CONTRACTS_IMPORTED",
    "ERASURES_APPROVED",
    "ERASURE_REPLAYED",
    "ACTIONS_RETRIED",
    "MAILS_RETRIED",
    "MAIL_DISMISSED",
)
INTERFACES = ("API", "PAGE", "WORKER", "COMMAND_LINE")

INDEXES = {
    "audit_entry_newest": "audit_entry (at, id)",
    "audit_entry_by_action": "audit_entry (action, at, id)",
    "audit_entry_by_account": "audit_entry (account_id, at, id)",
    "audit_entry_by_contract": "audit_entry (contract_id, at, id)",
    "audit_entry_by_seal": "audit_entry (seal)",
    "audit_seal_closed": "audit_seal (closed_at)",
}

# sealing sets a seal once, an erasure empties the source, and retention deletes
APPEND_ONLY = (
    """
    CREATE FUNCTION audit_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND current_setting('contract_server.audit_retention', true) = 'on' THEN
            RETURN OLD;
        END IF;
        IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'seal' - 'source' = to_jsonb(OLD) - 'seal' - 'source'
           AND (OLD.seal IS NULL OR NEW.seal = OLD.seal) AND (NEW.source IS NULL OR NEW.source = OLD.source) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE FUNCTION audit_seal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$
    """,
    *(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
        f" EXECUTE FUNCTION {table}_is_append_only()"
        for table in ("audit_entry", "audit_seal")
    ),
)
CHANGEABLE = (
    "DROP FUNCTION audit_entry_is_append_only CASCADE",
    "DROP FUNCTION audit_seal_is_append_only CASCADE",
)


def members(names: tuple[str, ...]) -> str:
    return "\n".join(f"{name}: {name}" for name in names)


class Migration(migrations.Migration):
    """Entries and seals, and the signature of a person on events of contracts."""

    dependencies = [("contract_server", "0016_bounded_look_ups")]

    operations = [
        ops.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "at",
                    fields.DatetimeField(
                        db_default=SqlDefault("clock_timestamp()"),
                        description="in real time",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("action", fields.CharField(description=members(ACTIONS), max_length=30)),
                ("interface", fields.CharField(description=members(INTERFACES), max_length=12)),
                ("account_id", fields.UUIDField(null=True, description="who did it")),
                ("about_id", fields.UUIDField(null=True, description="the account that it was done to")),
                (
                    "contract_id",
                    fields.UUIDField(
                        null=True, description="the contract that it concerns; with it, the rest is erased"
                    ),
                ),
                (
                    "subject",
                    fields.CharField(
                        null=True, description="numbers: of a mail, or of what was changed", max_length=100
                    ),
                ),
                (
                    "source",
                    fields.CharField(null=True, description="keyed hash of the client's address", max_length=64),
                ),
                ("seal", fields.BigIntField(null=True, description="the seal that covers it")),
            ],
            options={
                "table": "audit_entry",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "One thing that a person did. Append-only: a trigger refuses other changes than sealing and erasure.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AuditSeal",
            fields=[
                ("sequence", fields.BigIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("closed_at", fields.DatetimeField(description="in real time", auto_now=False, auto_now_add=False)),
                ("entries", fields.IntField(description="how many entries it covers")),
                ("entries_digest", fields.CharField(description="SHA-256 of their content", max_length=64)),
                ("events", fields.IntField(description="how many events of contracts it covers")),
                ("events_digest", fields.CharField(description="SHA-256 of their content", max_length=64)),
                ("previous_hash", fields.CharField(description="hash of the seal before it", max_length=64)),
                ("hash", fields.CharField(description="SHA-256 of all of the above, in hexadecimal", max_length=64)),
            ],
            options={
                "table": "audit_seal",
                "app": "contract_server",
                "pk_attr": "sequence",
                "table_description": "A link of the hash chain: it covers the entries, and the signed events of contracts, that carry its number.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="ContractEvent",
            name="account_id",
            field=fields.UUIDField(null=True, description="the person who did it"),
        ),
        ops.AddField(
            model_name="ContractEvent",
            name="interface",
            field=fields.CharField(null=True, description=members(INTERFACES), max_length=12),
        ),
        ops.AddField(
            model_name="ContractEvent",
            name="source",
            field=fields.CharField(null=True, description="keyed hash of the client's address", max_length=64),
        ),
        ops.AddField(
            model_name="ContractEvent",
            name="seal",
            field=fields.BigIntField(null=True, description="the seal of the audit trail that covers it"),
        ),
        ops.RunSQL(list(APPEND_ONLY), list(CHANGEABLE)),
        *(
            ops.RunSQL(
                f"ALTER TABLE {table} ALTER COLUMN source SET STATISTICS 0",
                f"ALTER TABLE {table} ALTER COLUMN source SET STATISTICS -1",
            )
            for table in ("audit_entry", "contract_event")
        ),
        *(
            ops.RunSQL(
                f"CREATE INDEX {name} ON {columns}",
                f"DROP INDEX {name}",
            )
            for name, columns in INDEXES.items()
        ),
    ]
