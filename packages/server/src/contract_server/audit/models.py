"""The rows of the audit trail, and the seals that close its hash chain."""

from enum import StrEnum

from tortoise import fields
from tortoise.fields.db_defaults import SqlDefault
from tortoise.models import Model
from uuid_utils.compat import uuid7

from contract_server.audit.origin import Interface


class AuditAction(StrEnum):
    """What a person did. Changes of contracts are in their history."""

    CONTRACT_CHANGED = "CONTRACT_CHANGED"
    LOGGED_IN = "LOGGED_IN"
    LOG_IN_FAILED = "LOG_IN_FAILED"
    LOGGED_OUT = "LOGGED_OUT"
    SESSIONS_ENDED = "SESSIONS_ENDED"
    PASSWORD_LINK_REQUESTED = "PASSWORD_LINK_REQUESTED"  # noqa: S105 - the name of an action
    PASSWORD_REPLACED = "PASSWORD_REPLACED"  # noqa: S105 - as above
    ACCOUNT_ADDED = "ACCOUNT_ADDED"
    ACCOUNT_UNLOCKED = "ACCOUNT_UNLOCKED"
    ACCOUNT_DISABLED = "ACCOUNT_DISABLED"
    ACCOUNT_ENABLED = "ACCOUNT_ENABLED"
    ACCOUNT_RENAMED = "ACCOUNT_RENAMED"
    ADDRESS_CHANGE_REQUESTED = "ADDRESS_CHANGE_REQUESTED"
    ADDRESS_CHANGED = "ADDRESS_CHANGED"
    CONTRACT_TRANSFERRED = "CONTRACT_TRANSFERRED"
    ENROLMENT_LINK_MADE = "ENROLMENT_LINK_MADE"
    SECOND_FACTOR_ENROLLED = "SECOND_FACTOR_ENROLLED"
    SECOND_FACTOR_PASSED = "SECOND_FACTOR_PASSED"
    SECOND_FACTOR_FAILED = "SECOND_FACTOR_FAILED"
    CONTRACTS_IMPORTED = "CONTRACTS_IMPORTED"
    ERASURE_APPROVAL_REQUESTED = "ERASURE_APPROVAL_REQUESTED"
    REGISTRATION_EXPORTED = "REGISTRATION_EXPORTED"
    ERASURES_APPROVED = "ERASURES_APPROVED"
    ERASURE_REPLAYED = "ERASURE_REPLAYED"
    ERASURE_CONFIRMED = "ERASURE_CONFIRMED"
    ACTIONS_RETRIED = "ACTIONS_RETRIED"
    MAILS_RETRIED = "MAILS_RETRIED"
    MAIL_DISMISSED = "MAIL_DISMISSED"
    FURTHER_HOLD_PLACED = "FURTHER_HOLD_PLACED"
    FURTHER_HOLD_RELEASED = "FURTHER_HOLD_RELEASED"
    SERVICE_ADDED = "SERVICE_ADDED"
    SERVICE_TOKEN_ROTATED = "SERVICE_TOKEN_ROTATED"  # noqa: S105 - as above
    SERVICE_REVOKED = "SERVICE_REVOKED"
    WEBHOOK_ADDED = "WEBHOOK_ADDED"
    WEBHOOK_ROTATED = "WEBHOOK_ROTATED"
    WEBHOOK_CHANGED = "WEBHOOK_CHANGED"
    WEBHOOK_WITHDRAWN = "WEBHOOK_WITHDRAWN"
    WEBHOOK_REMOVED = "WEBHOOK_REMOVED"
    WEBHOOKS_RETRIED = "WEBHOOKS_RETRIED"
    WEBHOOKS_DISMISSED = "WEBHOOKS_DISMISSED"


class AuditEntry(Model):
    """One thing that a person did. Append-only: a trigger refuses other changes than sealing and erasure."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    at = fields.DatetimeField(db_default=SqlDefault("clock_timestamp()"), description="in real time")
    action = fields.CharEnumField(AuditAction, max_length=30)
    interface = fields.CharEnumField(Interface, max_length=12)
    account_id = fields.UUIDField(null=True, description="who did it")
    about_id = fields.UUIDField(null=True, description="the account that it was done to")
    contract_id = fields.UUIDField(null=True, description="the contract that it concerns; with it, the rest is erased")
    subject = fields.CharField(max_length=100, null=True, description="numbers: of a mail, or of what was changed")
    reason = fields.CharField(max_length=500, null=True, description="why, in an operator's own words")
    source = fields.CharField(max_length=64, null=True, description="keyed hash of the client's address")
    seal = fields.BigIntField(null=True, description="the seal that covers it")

    class Meta:
        """Where entries are kept."""

        table = "audit_entry"


class AuditSeal(Model):
    """A link of the hash chain: it covers the entries, and the signed events of contracts, that carry its number."""

    sequence = fields.BigIntField(primary_key=True, generated=False)
    closed_at = fields.DatetimeField(description="in real time")
    entries = fields.IntField(description="how many entries it covers")
    entries_digest = fields.CharField(max_length=64, description="SHA-256 of their content")
    events = fields.IntField(description="how many events of contracts it covers")
    events_digest = fields.CharField(max_length=64, description="SHA-256 of their content")
    previous_hash = fields.CharField(max_length=64, description="hash of the seal before it")
    hash = fields.CharField(max_length=64, description="SHA-256 of all of the above, in hexadecimal")

    class Meta:
        """Where seals are kept."""

        table = "audit_seal"
