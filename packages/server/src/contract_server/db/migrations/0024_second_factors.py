from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7

PERSONAL = (
    ("passkey", "credential_id"),
    ("passkey", "public_key"),
    ("recovery_code", "code_hash"),
    ("enrolment_link", "token_hash"),
)


def primary_key() -> tuple[str, Any]:
    return "id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)


def account(related_name: str) -> tuple[str, Any]:
    return (
        "account",
        fields.ForeignKeyField(
            "contract_server.Account",
            source_field="account_id",
            db_index=True,
            db_constraint=True,
            to_field="id",
            related_name=related_name,
            on_delete=OnDelete.RESTRICT,
        ),
    )


def options(table: str, description: str) -> dict[str, str]:
    return {"table": table, "app": "contract_server", "pk_attr": "id", "table_description": description}


class Migration(migrations.Migration):
    """Passkeys of operators, their recovery codes, and the links by which they are registered."""

    dependencies = [("contract_server", "0023_disabled_accounts")]

    operations = [
        ops.AddField(
            model_name="Account",
            name="second_factor_since",
            field=fields.DatetimeField(
                null=True, description="since when a log-in needs its passkey", auto_now=False, auto_now_add=False
            ),
        ),
        ops.AddField(
            model_name="Session",
            name="second_factor_at",
            field=fields.DatetimeField(
                null=True, description="when the second factor was shown last", auto_now=False, auto_now_add=False
            ),
        ),
        ops.AddField(
            model_name="Session",
            name="challenge",
            field=fields.CharField(null=True, description="what a passkey has to sign next, once", max_length=86),
        ),
        ops.CreateModel(
            name="Passkey",
            fields=[
                primary_key(),
                account("passkeys"),
                (
                    "credential_id",
                    fields.CharField(unique=True, description="in base64url, as browsers name it", max_length=1364),
                ),
                ("public_key", fields.CharField(description="in COSE, as base64url", max_length=1000)),
                (
                    "sign_count",
                    fields.BigIntField(description="the device's own count of its use; one that falls shows a copy"),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options=options(
                "passkey",
                "A passkey of an operator: the public half of a key pair, whose other half never leaves its device.",
            ),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RecoveryCode",
            fields=[
                primary_key(),
                account("recovery_codes"),
                (
                    "code_hash",
                    fields.CharField(unique=True, description="SHA-256 of a 120-bit random code", max_length=64),
                ),
            ],
            options=options(
                "recovery_code", "A code that takes the place of a lost passkey, once. Only its hash is kept."
            ),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="EnrolmentLink",
            fields=[
                primary_key(),
                (
                    "token_hash",
                    fields.CharField(unique=True, description="SHA-256 of a 256-bit random token", max_length=64),
                ),
                account("enrolment_links"),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "challenge",
                    fields.CharField(null=True, description="what the new passkey has to sign, once", max_length=86),
                ),
            ],
            options=options(
                "enrolment_link",
                "A link by which an operator registers a passkey, once. Only the token's hash is kept.",
            ),
            bases=["Model"],
        ),
        *(
            ops.RunSQL(
                f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0",
                f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS -1",
            )
            for table, column in PERSONAL
        ),
        ops.RunSQL(
            "CREATE INDEX enrolment_link_expires ON enrolment_link (expires_at)", "DROP INDEX enrolment_link_expires"
        ),
    ]
