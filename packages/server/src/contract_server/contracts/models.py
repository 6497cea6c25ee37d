"""What is stored of a contract. Every change of one is made with its row locked, in one transaction."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.fields.db_defaults import Now
from tortoise.models import Model
from uuid_utils.compat import uuid7

from contract_rules import Action, Actor, EventType, Status


class Contract(Model):
    """The contract itself: the facts that the rules ask for, and what falls due when.

    The two due columns *are* the schedule. Each is empty as long as nothing is owed, so that looking for what
    is due costs the same however many contracts there are.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    version = fields.IntField()
    status = fields.CharEnumField(Status, max_length=10)
    started_on = fields.DateField()
    applications = fields.IntField(description="how many applications to terminate were ever made")
    service_end_due_at = fields.DatetimeField(null=True, description="when the end of service is to be recorded")
    erasure_due_at = fields.DatetimeField(null=True, description="when everything personal is to be erased")
    erased_at = fields.DatetimeField(null=True)
    hold_placed_at = fields.DatetimeField(null=True, description="set while erasure is on hold")
    hold_reason = fields.CharField(max_length=500, null=True)

    members: fields.ReverseRelation["Member"]
    events: fields.ReverseRelation["ContractEvent"]

    class Meta:
        """Where contracts are kept."""

        table = "contract"


class Company(Model):
    """会社名, 会社住所, 郵便番号, 電話番号. Gone when the contract is erased."""

    contract: fields.OneToOneRelation[Contract] = fields.OneToOneField(
        "contract_server.Contract", related_name="company", primary_key=True, on_delete=fields.RESTRICT
    )
    contract_id: UUID
    name = fields.CharField(max_length=200)
    address = fields.CharField(max_length=400)
    postal_code = fields.CharField(max_length=20)
    phone_number = fields.CharField(max_length=30)

    class Meta:
        """Where companies are kept."""

        table = "company"


class Member(Model):
    """会員: a registered person who uses the service, the contractor's own registration among them."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    contract: fields.ForeignKeyRelation[Contract] = fields.ForeignKeyField(
        "contract_server.Contract", related_name="members", on_delete=fields.RESTRICT, db_index=True
    )
    contract_id: UUID
    name = fields.CharField(max_length=200)
    email = fields.CharField(max_length=254)

    class Meta:
        """Where members are kept."""

        table = "member"


class TerminationReason(StrEnum):
    """Why a contractor leaves, as far as they care to say."""

    NO_LONGER_NEEDED = "NO_LONGER_NEEDED"
    MISSING_FEATURES = "MISSING_FEATURES"
    TOO_EXPENSIVE = "TOO_EXPENSIVE"
    SWITCHED_SERVICE = "SWITCHED_SERVICE"
    COMPANY_CLOSED = "COMPANY_CLOSED"
    MISTAKE = "MISTAKE"
    OTHER = "OTHER"


class TerminationApplication(Model):
    """申請: one application to stop using the service, with the dates that follow from it.

    The dates and the policy's version are stored, so that a policy that changes later moves none of them.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    contract: fields.ForeignKeyRelation[Contract] = fields.ForeignKeyField(
        "contract_server.Contract",
        related_name="termination_applications",
        on_delete=fields.RESTRICT,
        db_index=True,
    )
    contract_id: UUID
    number = fields.IntField(description="the contract's first application is 1")
    requested_at = fields.DatetimeField()
    requested_on = fields.DateField()
    reason = fields.CharEnumField(TerminationReason, max_length=20, null=True)
    policy_version = fields.CharField(max_length=50)
    service_end_last_day = fields.DateField()
    service_end_at = fields.DatetimeField()
    resumption_last_day = fields.DateField()
    resumption_at = fields.DatetimeField()
    erasure_last_day = fields.DateField()
    erasure_at = fields.DatetimeField()
    service_ended_at = fields.DatetimeField(null=True, description="when the end of service was recorded")
    withdrawn_at = fields.DatetimeField(null=True, description="when the contractor took the application back")
    next_reminder_at = fields.DatetimeField(
        null=True, description="when to look next whether to remind the contractor of what is about to end"
    )

    class Meta:
        """Where applications are kept; a contract has at most one that was not taken back."""

        table = "termination_application"
        unique_together = (("contract", "number"),)


class ContractEvent(Model):
    """Something that happened to a contract. Survives erasure, but for the note: nobody can promise what is in it."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    contract: fields.ForeignKeyRelation[Contract] = fields.ForeignKeyField(
        "contract_server.Contract", related_name="events", on_delete=fields.RESTRICT
    )
    contract_id: UUID
    at = fields.DatetimeField()
    type = fields.CharEnumField(EventType, max_length=30)
    actor = fields.CharEnumField(Actor, max_length=10)
    application_id = fields.UUIDField(null=True, description="the application that the event belongs to")
    version = fields.IntField(
        null=True, description="the contract's version after it; not known of events before this was kept"
    )
    note = fields.CharField(
        max_length=500,
        null=True,
        description="an operator's own words: why they did it on the contractor's behalf",
    )

    class Meta:
        """Where events are kept, in the order in which they are read."""

        table = "contract_event"
        indexes = (("contract_id", "at", "id"),)


class MailState(StrEnum):
    """How far a mail has come."""

    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    """Given up: a person is asked to see to it."""
    DISMISSED = "DISMISSED"
    """A person has seen to it."""


class OutboxMail(Model):
    """A mail that is owed since the moment its change was committed, rendered once so that a repeat is identical."""

    id = fields.BigIntField(
        primary_key=True, description="in order of writing: a contract's mails go out in this order"
    )
    contract: fields.ForeignKeyNullableRelation[Contract] = fields.ForeignKeyField(
        "contract_server.Contract", related_name="outbox_mails", null=True, on_delete=fields.RESTRICT
    )
    contract_id: UUID | None
    kind = fields.CharField(max_length=40)
    message_id = fields.CharField(max_length=200, unique=True)
    dated_at = fields.DatetimeField(description="the mail's Date, and the start of its time to live")
    recipient = fields.CharField(max_length=254)
    subject = fields.CharField(max_length=200)
    body = fields.TextField()
    state = fields.CharEnumField(MailState, max_length=10, default=MailState.PENDING)
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField(description="by the contracts' clock")
    lease_token = fields.UUIDField(null=True, description="who is sending it now")
    lease_until = fields.DatetimeField(null=True, description="in real time; after it anybody may take over")
    sent_at = fields.DatetimeField(null=True)
    failure = fields.CharField(max_length=100, null=True, description="the kind of the last failure, never its text")
    request_id = fields.CharField(max_length=64, null=True, description="the request that caused it, for the log")
    useful_until: datetime | None = fields.DatetimeField(
        null=True, description="by the contracts' clock; from then on it is not sent any more"
    )

    class Meta:
        """Where mails wait; the index finds a contract's earlier ones."""

        table = "outbox_mail"
        indexes = (("contract_id", "id"),)


class IdempotentAnswer(Model):
    """The first answer to a request that carried an idempotency key, kept in the transaction that made it true."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "contract_server.Account", related_name="idempotent_answers", on_delete=fields.RESTRICT
    )
    account_id: UUID
    key = fields.CharField(max_length=255)
    input_hash = fields.BinaryField(description="SHA-256 of operation and input")
    answer: dict[str, Any] = fields.JSONField()
    answered_at = fields.DatetimeField(db_default=Now(), description="in real time")

    class Meta:
        """Where answers are kept."""

        table = "idempotent_answer"
        unique_together = (("account", "key"),)


class ErasureRecord(Model):
    """The ledger: that a contract's erasure began, and, once all of it is gone, the evidence. Nothing personal."""

    id = fields.BigIntField(primary_key=True)
    contract: fields.OneToOneRelation[Contract] = fields.OneToOneField(
        "contract_server.Contract", related_name="erasure_record", on_delete=fields.RESTRICT
    )
    contract_id: UUID
    application_id = fields.UUIDField()
    policy_version = fields.CharField(max_length=50)
    due_at = fields.DatetimeField()
    started_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)
    erased_rows: dict[str, int] = fields.JSONField(default=dict)
    code_version = fields.CharField(max_length=50)
    batches = fields.IntField(db_default=0, default=0, description="transactions that destroyed something")
    replayed = fields.BooleanField(
        db_default=False, default=False, description="erased again, because a backup had brought it back"
    )
    ledger_file = fields.CharField(
        max_length=100, null=True, description="the file outside this database that says so too"
    )
    evidence_file = fields.CharField(
        max_length=100, null=True, description="the file outside this database that has the evidence"
    )
    rows_left: dict[str, int] | None = fields.JSONField(null=True, description="what was read back: nothing, by table")
    schema_version = fields.CharField(max_length=100, null=True, description="the last migration when it was finished")
    sequence = fields.BigIntField(null=True, unique=True, description="the place in the chain of finished erasures")
    previous_hash = fields.CharField(max_length=64, null=True, description="hash of the record before it in the chain")
    hash = fields.CharField(max_length=64, null=True, description="SHA-256 of all of the above, in hexadecimal")

    class Meta:
        """Where the ledger is kept."""

        table = "erasure_record"


class ErasureApproval(Model):
    """An operator's word that a wave of erasures, larger than the breaker lets pass, is meant; and no later one."""

    id = fields.BigIntField(primary_key=True)
    approved_at = fields.DatetimeField()
    due_until = fields.DatetimeField(description="what was due by this instant was seen")
    contracts = fields.IntField(description="how many contracts that were")
    after_sequence = fields.BigIntField(description="the last place in the chain of evidence when that was seen")
    ended_at = fields.DatetimeField(null=True, description="when all of them were done, or another approval came")

    class Meta:
        """Where approvals are kept."""

        table = "erasure_approval"


class ErasureStop(Model):
    """The one row that says since when the breaker holds erasures back; there is none while it lets them pass."""

    id = fields.SmallIntField(primary_key=True, generated=False, default=1)
    since = fields.DatetimeField()
    alarmed_at = fields.DatetimeField(description="when the alarm was last given")

    class Meta:
        """Where the stop is noted."""

        table = "erasure_stop"


class DueFailure(Model):
    """An act that fell due and failed: tried again after growing pauses, and at last set aside for a person to look."""

    id = fields.BigIntField(primary_key=True)
    contract: fields.ForeignKeyRelation[Contract] = fields.ForeignKeyField(
        "contract_server.Contract", related_name="due_failures", on_delete=fields.RESTRICT
    )
    contract_id: UUID
    act = fields.CharEnumField(Action, max_length=20, description="END_SERVICE: END_SERVICE\nERASE: ERASE")
    due_at = fields.DatetimeField(description="the instant for which it failed; for another one it counts no more")
    tries = fields.IntField()
    failure = fields.CharField(max_length=100, description="the kind of the last failure, never its text")
    next_try_at = fields.DatetimeField(description="by the contracts' clock")
    set_aside_at = fields.DatetimeField(null=True, description="when it was tried for the last time")

    class Meta:
        """Where failures are kept: one for each act of a contract."""

        table = "due_failure"
        unique_together = (("contract", "act"),)


class PolicyTerms(Model):
    """The terms of one version of the policy as they were when it was first used. Never changed, never deleted."""

    version = fields.CharField(primary_key=True, max_length=50)
    fingerprint = fields.CharField(max_length=64, description="SHA-256 of the terms, in hexadecimal")
    terms: dict[str, Any] = fields.JSONField(description="the terms themselves, to name what has changed")
    recorded_at = fields.DatetimeField(db_default=Now(), description="in real time")

    class Meta:
        """Where terms are kept."""

        table = "policy_terms"


class SweepRun(Model):
    """The one row that says when the last sweep came to its end."""

    id = fields.SmallIntField(primary_key=True, generated=False, default=1)
    finished_at: datetime = fields.DatetimeField(description="in real time")

    class Meta:
        """Where the last sweep is noted."""

        table = "sweep_run"
