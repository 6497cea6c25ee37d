"""The outbox: mails that are queued with the change that they report."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model


class MailState(StrEnum):
    """The states of a mail."""

    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    """Failed permanently: an operator has to act."""
    DISMISSED = "DISMISSED"
    """Closed by an operator without another attempt."""


class OutboxMail(Model):
    """A mail that is owed since the moment its change was committed, rendered once so that a repeat is identical."""

    id = fields.BigIntField(
        primary_key=True, description="in order of writing: a contract's mails go out in this order"
    )
    contract: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "contract_server.Contract", related_name="outbox_mails", null=True, on_delete=fields.RESTRICT
    )
    contract_id: UUID | None
    kind = fields.CharField(max_length=40)
    message_id = fields.CharField(max_length=200, unique=True)
    dated_at = fields.DatetimeField(description="the mail's Date, and the start of its time to live")
    recipient = fields.CharField(max_length=254)
    subject = fields.CharField(max_length=200)
    body = fields.TextField()
    attachments = fields.TextField(null=True, description="JSON: name, subtype and text of each")
    state = fields.CharEnumField(MailState, max_length=10, default=MailState.PENDING)
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField(description="by the contracts' clock")
    lease_token = fields.UUIDField(null=True, description="who is sending it now")
    lease_until = fields.DatetimeField(null=True, description="in real time; after it anybody may take over")
    sent_at = fields.DatetimeField(null=True)
    failure = fields.CharField(max_length=100, null=True, description="the kind of the last failure, never its text")
    request_id = fields.CharField(max_length=64, null=True, description="the request that caused it, for the log")
    traceparent = fields.CharField(max_length=55, null=True, description="the span that caused it, for the trace")
    useful_until: datetime | None = fields.DatetimeField(
        null=True, description="by the contracts' clock; from then on it is not sent any more"
    )

    class Meta:
        """Where mails wait; the index finds a contract's earlier ones."""

        table = "outbox_mail"
        indexes = (("contract_id", "id"),)
