"""Accounts and their sessions."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model
from uuid_utils.compat import uuid7


class Role(StrEnum):
    """What an account may do: a contractor sees one contract, an operator watches all."""

    CONTRACTOR = "CONTRACTOR"
    OPERATOR = "OPERATOR"


class Account(Model):
    """A person who logs in to contract management. A contractor's goes when the contract is erased."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    role = fields.CharEnumField(Role, max_length=10)
    name = fields.CharField(max_length=200)
    email = fields.CharField(
        max_length=254, unique=True, description="in lower case, so that the unique index compares it"
    )
    password_hash = fields.CharField(max_length=200)
    contract: fields.OneToOneNullableRelation[Model] = fields.OneToOneField(
        "contract_server.Contract", related_name="account", null=True, on_delete=fields.RESTRICT
    )
    contract_id: UUID | None

    class Meta:
        table = "account"


class Session(Model):
    """A log-in that is still good. Only the token's hash is kept, so the table opens no door to who reads it."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    token_hash = fields.CharField(max_length=64, unique=True, description="SHA-256 of a 256-bit random token")
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "contract_server.Account", related_name="sessions", on_delete=fields.RESTRICT, db_index=True
    )
    account_id: UUID
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "session"


class PasswordResetToken(Model):
    """A link to a new password that was sent and not yet used. Only the token's hash is kept."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    token_hash = fields.CharField(max_length=64, unique=True, description="SHA-256 of a 256-bit random token")
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "contract_server.Account",
        related_name="password_reset_tokens",
        on_delete=fields.RESTRICT,
        db_index=True,
    )
    account_id: UUID
    expires_at = fields.DatetimeField()

    class Meta:
        table = "password_reset_token"


class AttemptCount(Model):
    """Tries that are counted under one key, so that nobody can go on guessing. Deleted soon after their window."""

    key = fields.CharField(
        primary_key=True, max_length=64, description="HMAC-SHA-256 of whom and where the tries are about"
    )
    tries = fields.IntField(description="in the present window")
    full_windows = fields.IntField(description="windows before this one that were filled, each soon after the other")
    began_at = fields.DatetimeField(description="when the window opened, in real time")
    ends_at = fields.DatetimeField(db_index=True, description="when the window, or the wait that followed it, is over")

    class Meta:
        table = "attempt_count"
