"""Accounts of other services, their tokens, and what they have asked for by an idempotency key."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.fields.db_defaults import Now
from tortoise.models import Model
from uuid_utils.compat import uuid7

from contract_server.contracts.models import Contract


class Scope(StrEnum):
    """What a service may do."""

    FACTS = "facts"
    FEED = "feed"
    REGISTRATIONS = "registrations"
    ERASURES = "erasures"


class ServiceAccount(Model):
    """Another service. Its row stays after it was revoked, because the audit trail refers to it."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=40, unique=True)
    scopes = fields.CharField(max_length=100, description="separated by spaces")
    created_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        """Where service accounts are kept."""

        table = "service_account"


class ServiceToken(Model):
    """A token of a service. While one replaces another, both are valid."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    token_hash = fields.CharField(max_length=64, unique=True, description="keyed hash of a 256-bit random token")
    service: fields.ForeignKeyRelation[ServiceAccount] = fields.ForeignKeyField(
        "contract_server.ServiceAccount", related_name="tokens", on_delete=fields.RESTRICT, db_index=True
    )
    service_id: UUID
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True, description="to the minute")

    class Meta:
        """Where tokens are kept."""

        table = "service_token"


class RegistrationRequest(Model):
    """A registration that a service has put by an idempotency key, with the version that it led to."""

    id = fields.BigIntField(primary_key=True)
    service: fields.ForeignKeyRelation[ServiceAccount] = fields.ForeignKeyField(
        "contract_server.ServiceAccount", related_name="registration_requests", on_delete=fields.RESTRICT
    )
    service_id: UUID
    contract: fields.ForeignKeyRelation[Contract] = fields.ForeignKeyField(
        "contract_server.Contract", related_name="registration_requests", on_delete=fields.RESTRICT, db_index=True
    )
    contract_id: UUID
    key = fields.CharField(max_length=255)
    input_hash = fields.BinaryField(description="SHA-256 of the input")
    version = fields.IntField()
    differences: dict[str, list[str]] = fields.JSONField(description="names of fields, and ids of members")
    answered_at = fields.DatetimeField(db_default=Now(), db_index=True, description="in real time")

    class Meta:
        """Where requests are kept."""

        table = "registration_request"
        unique_together = (("service", "key"),)
