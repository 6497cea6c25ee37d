"""What is stored of a contract. Every change of one is made with its row locked, in one transaction."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.fields.db_defaults import Now, SqlDefault
from tortoise.models import Model
from uuid_utils.compat import uuid7

from contract_rules import Actor, EventType, Status
from contract_server.audit.origin import Interface


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
    erasure_announced_for = fields.DatetimeField(
        null=True, description="the due date of the erasure that other services were told of"
    )
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
        "contract_server.Contract", related_name="members", on_delete=fields.RESTRICT
    )
    contract_id: UUID
    name = fields.CharField(max_length=200)
    email = fields.CharField(max_length=254)

    class Meta:
        """Where members are kept, in the order in which they are exported."""

        table = "member"
        indexes = (("contract_id", "id"),)


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
    receipt_number = fields.CharField(
        max_length=12,
        db_default=SqlDefault("new_receipt_number()"),
        description="受付番号, without hyphens; its holder may ask what became of it",
    )
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
    account_id = fields.UUIDField(null=True, description="the person who did it")
    interface = fields.CharEnumField(Interface, max_length=12, null=True)
    source = fields.CharField(max_length=64, null=True, description="keyed hash of the client's address")
    seal = fields.BigIntField(null=True, description="the seal of the audit trail that covers it")
    position = fields.BigIntField(null=True, description="its place in the feed; empty until it has one")

    class Meta:
        """Where events are kept, in the order in which they are read."""

        table = "contract_event"
        indexes = (("contract_id", "at", "id"),)


class ErasureHold(Model):
    """A hold on an erasure. It ends with its release and stays; an erasure empties what operators wrote."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    contract: fields.ForeignKeyRelation[Contract] = fields.ForeignKeyField(
        "contract_server.Contract", related_name="erasure_holds", on_delete=fields.RESTRICT
    )
    contract_id: UUID
    reference = fields.CharField(max_length=40, null=True, description="the case, by its number; survives erasure")
    reason = fields.CharField(max_length=500, null=True)
    placed_at = fields.DatetimeField()
    placed_by = fields.UUIDField(null=True, description="the operator's account")
    review_at = fields.DatetimeField(null=True, description="from then on, operators are reminded of the hold")
    released_at = fields.DatetimeField(null=True)
    released_by = fields.UUIDField(null=True, description="the operator's account")
    release_reason = fields.CharField(max_length=500, null=True)

    class Meta:
        """Where holds are kept, in the order in which they are read."""

        table = "erasure_hold"
        indexes = (("contract_id", "placed_at"),)


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
