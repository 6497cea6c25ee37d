"""The notice of an erasure to other services, and what they confirm of it."""

from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

TYPES = (
    "STARTED",
    "TERMINATION_REQUESTED",
    "RESUMED",
    "SERVICE_ENDED",
    "ERASURE_HELD",
    "ERASURE_HOLD_RELEASED",
    "ERASED",
    "REGISTRATION_CHANGED",
    "MEMBERS_REMOVED",
    "ERASURE_DUE",
)
ACTIONS = (
    "CONTRACT_CHANGED",
    "LOGGED_IN",
    "LOG_IN_FAILED",
    "LOGGED_OUT",
    "SESSIONS_ENDED",
    "PASSWORD_LINK_REQUESTED",
    "PASSWORD_REPLACED",
    "ACCOUNT_ADDED",
    "ACCOUNT_UNLOCKED",
    "ACCOUNT_DISABLED",
    "ACCOUNT_ENABLED",
    "ACCOUNT_RENAMED",
    "ADDRESS_CHANGE_REQUESTED",
    "ADDRESS_CHANGED",
    "CONTRACT_TRANSFERRED",
    "ENROLMENT_LINK_MADE",
    "SECOND_FACTOR_ENROLLED",
    "SECOND_FACTOR_PASSED",
    "SECOND_FACTOR_FAILED",
    "CONTRACTS_IMPORTED",
    "ERASURE_APPROVAL_REQUESTED",
    "REGISTRATION_EXPORTED",
    "ERASURES_APPROVED",
    "ERASURE_REPLAYED",
    "ERASURE_CONFIRMED",
    "ACTIONS_RETRIED",
    "MAILS_RETRIED",
    "MAIL_DISMISSED",
    "SERVICE_ADDED",
    "SERVICE_TOKEN_ROTATED",
    "SERVICE_REVOKED",
    "WEBHOOK_ADDED",
    "WEBHOOK_ROTATED",
    "WEBHOOK_REMOVED",
    "WEBHOOKS_RETRIED",
)
OUTCOMES = ("DONE", "NOTHING_HELD", "RETAINED")

INDEXES = {
    "awaited_confirmation_unconfirmed": "awaited_confirmation (since) WHERE retained_until IS NULL",
    "awaited_confirmation_retained": "awaited_confirmation (retained_until) WHERE retained_until IS NOT NULL",
}

APPEND_ONLY = (
    """
    CREATE FUNCTION erasure_confirmation_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON erasure_confirmation
       FOR EACH ROW EXECUTE FUNCTION erasure_confirmation_is_append_only()
    """,
)
CHANGEABLE = (
    "DROP TRIGGER append_only ON erasure_confirmation",
    "DROP FUNCTION erasure_confirmation_is_append_only()",
)


def described(members: tuple[str, ...]) -> str:
    """Describe the members of an enumeration."""
    return "\n".join(f"{member}: {member}" for member in members)


def reference(table: str, related_name: str) -> fields.ForeignKeyRelation[Any]:
    """Refer to a table without an index: no row that is referred to is deleted."""
    return fields.ForeignKeyField(
        f"contract_server.{table}",
        source_field="contract_id" if table == "Contract" else "service_id",
        db_constraint=True,
        to_field="id",
        related_name=related_name,
        on_delete=OnDelete.RESTRICT,
    )


class Migration(migrations.Migration):
    """Reasons are no client's secret and about no person, so statistics of them may be kept."""

    dependencies = [("contract_server", "0037_attachments")]

    operations = [
        ops.AddField(
            model_name="Contract",
            name="erasure_announced_for",
            field=fields.DatetimeField(
                null=True,
                description="the due date of the erasure that other services were told of",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AlterField(
            model_name="ContractEvent",
            name="type",
            field=fields.CharField(description=described(TYPES), max_length=30),
        ),
        ops.AlterField(
            model_name="AuditEntry",
            name="action",
            field=fields.CharField(description=described(ACTIONS), max_length=30),
        ),
        ops.CreateModel(
            name="ErasureConfirmation",
            fields=[
                (
                    "sequence",
                    fields.BigIntField(
                        generated=False,
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="the place in the chain of evidence",
                    ),
                ),
                ("contract", reference("Contract", "erasure_confirmations")),
                ("service", reference("ServiceAccount", "erasure_confirmations")),
                ("service_name", fields.CharField(max_length=40)),
                ("outcome", fields.CharField(description=described(OUTCOMES), max_length=12)),
                (
                    "reason",
                    fields.CharField(
                        null=True, description="why something is retained; never about a person", max_length=200
                    ),
                ),
                ("until", fields.DateField(null=True, description="the last day on which it is retained")),
                ("confirmed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "previous_hash",
                    fields.CharField(description="hash of the record before it in the chain", max_length=64),
                ),
                (
                    "hash",
                    fields.CharField(description="SHA-256 of all of the above, in hexadecimal", max_length=64),
                ),
            ],
            options={
                "table": "erasure_confirmation",
                "app": "contract_server",
                "indexes": [Index(fields=["contract_id", "service_id", "sequence"])],
                "pk_attr": "sequence",
                "table_description": (
                    "What another service says of its own copies: a link of the chain of evidence. Append-only, by a"
                    " trigger."
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AwaitedConfirmation",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("contract", reference("Contract", "awaited_confirmations")),
                ("service", reference("ServiceAccount", "awaited_confirmations")),
                (
                    "since",
                    fields.DatetimeField(
                        description="when the contract was erased", auto_now=False, auto_now_add=False
                    ),
                ),
                (
                    "retained_until",
                    fields.DatetimeField(
                        null=True,
                        description="set while the service retains something",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "awaited_confirmation",
                "app": "contract_server",
                "unique_together": (("service", "contract"),),
                "pk_attr": "id",
                "table_description": (
                    "A service that has yet to confirm an erasure, or retains something. The row goes with its last"
                    " word."
                ),
            },
            bases=["Model"],
        ),
        *(ops.RunSQL(f"CREATE INDEX {name} ON {columns}", f"DROP INDEX {name}") for name, columns in INDEXES.items()),
        ops.RunSQL([*APPEND_ONLY], [*CHANGEABLE]),
    ]
