"""Accounts of other services with their tokens and requests; endpoints of webhooks and what is delivered to them."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.fields.db_defaults import Now
from tortoise.models import Model
from uuid_utils.compat import uuid7

from contract_server.contracts.models import Contract
from contract_server.integration.outgoing_http import LONGEST_URL


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


class WebhookEndpoint(Model):
    """A URL to which changes are sent."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=40, unique=True)
    url = fields.CharField(max_length=LONGEST_URL)
    secrets = fields.CharField(max_length=200, description="the newest first, separated by spaces")
    created_at = fields.DatetimeField()
    queued_to = fields.BigIntField(description="the position in the feed up to which changes are queued")
    disabled_at = fields.DatetimeField(null=True, description="set when the endpoint answered 410 or was withdrawn")
    by_setting = fields.BooleanField(db_default=False, description="whether the setting WEBHOOKS has added it")
    withdrawn_at = fields.DatetimeField(null=True, description="since when the setting names it no longer")

    class Meta:
        """Where endpoints are kept."""

        table = "webhook_endpoint"


class DeliveryState(StrEnum):
    """The states of a delivery."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    """Failed permanently: an operator has to act."""
    DISMISSED = "DISMISSED"
    """Failed, and an operator has closed it."""


class WebhookDelivery(Model):
    """A change that is sent to an endpoint, until it is accepted."""

    id = fields.BigIntField(primary_key=True)
    endpoint: fields.ForeignKeyRelation[WebhookEndpoint] = fields.ForeignKeyField(
        "contract_server.WebhookEndpoint", related_name="deliveries", on_delete=fields.RESTRICT
    )
    endpoint_id: UUID
    event_id = fields.UUIDField()
    contract_id = fields.UUIDField()
    position = fields.BigIntField(description="of the change in the feed: those of a contract go out in this order")
    state = fields.CharEnumField(DeliveryState, max_length=10)
    queued_at = fields.DatetimeField()
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField(description="in real time")
    lease_token = fields.UUIDField(null=True)
    lease_until = fields.DatetimeField(null=True)
    delivered_at = fields.DatetimeField(null=True)
    dismissed_at = fields.DatetimeField(null=True)
    failure = fields.CharField(max_length=100, null=True, description="the last failure: a status, or its kind")

    class Meta:
        """Where deliveries are kept; the index finds a contract's earlier ones."""

        table = "webhook_delivery"
        unique_together = (("endpoint", "position"),)
