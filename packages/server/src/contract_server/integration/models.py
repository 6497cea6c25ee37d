"""Accounts of other services, and their tokens."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model
from uuid_utils.compat import uuid7


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
