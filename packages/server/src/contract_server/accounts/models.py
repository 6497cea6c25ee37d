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
    disabled_at = fields.DatetimeField(null=True, description="since when it opens nothing")
    second_factor_since = fields.DatetimeField(null=True, description="since when a log-in needs its passkey")
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
    second_factor_at = fields.DatetimeField(null=True, description="when the second factor was shown last")
    challenge = fields.CharField(max_length=86, null=True, description="what a passkey has to sign next, once")

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


class Passkey(Model):
    """A passkey of an operator: the public half of a key pair, whose other half never leaves its device."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "contract_server.Account", related_name="passkeys", on_delete=fields.RESTRICT, db_index=True
    )
    account_id: UUID
    credential_id = fields.CharField(max_length=1364, unique=True, description="in base64url, as browsers name it")
    public_key = fields.CharField(max_length=1000, description="in COSE, as base64url")
    sign_count = fields.BigIntField(description="the device's own count of its use; one that falls shows a copy")
    created_at = fields.DatetimeField()

    class Meta:
        table = "passkey"


class RecoveryCode(Model):
    """A code that takes the place of a lost passkey, once. Only its hash is kept."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "contract_server.Account", related_name="recovery_codes", on_delete=fields.RESTRICT, db_index=True
    )
    account_id: UUID
    code_hash = fields.CharField(max_length=64, unique=True, description="SHA-256 of a 120-bit random code")

    class Meta:
        table = "recovery_code"


class EnrolmentLink(Model):
    """A link by which an operator registers a passkey, once. Only the token's hash is kept."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    token_hash = fields.CharField(max_length=64, unique=True, description="SHA-256 of a 256-bit random token")
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "contract_server.Account", related_name="enrolment_links", on_delete=fields.RESTRICT, db_index=True
    )
    account_id: UUID
    expires_at = fields.DatetimeField()
    challenge = fields.CharField(max_length=86, null=True, description="what the new passkey has to sign, once")

    class Meta:
        table = "enrolment_link"


class AddressChange(Model):
    """A change of an account's address that waits for its confirmation from both mailboxes."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "contract_server.Account", related_name="address_change", on_delete=fields.RESTRICT
    )
    account_id: UUID
    new_email = fields.CharField(max_length=254)
    old_token_hash = fields.CharField(
        max_length=64, unique=True, null=True, description="of the link to the present address; null once used"
    )
    new_token_hash = fields.CharField(
        max_length=64, unique=True, null=True, description="of the link to the new address; null once used"
    )
    expires_at = fields.DatetimeField()

    class Meta:
        table = "address_change"


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
