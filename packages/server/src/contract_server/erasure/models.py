"""Erasures: their evidence, what other services confirm, approvals of the breaker, and its stop."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from contract_server.contracts.models import Contract


class ErasureRecord(Model):
    """The ledger: that a contract's erasure began, and, once all of it is gone, the evidence. Nothing personal."""

    id = fields.BigIntField(primary_key=True)
    contract: fields.OneToOneRelation[Contract] = fields.OneToOneField(
        "contract_server.Contract", related_name="erasure_record", on_delete=fields.RESTRICT
    )
    contract_id: UUID
    application_id = fields.UUIDField()
    receipt_number = fields.CharField(
        max_length=14, null=True, description="the application's, as it is shown; none before there were any"
    )
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


class ErasureApprovalRequest(Model):
    """A wave of erasures that an operator has asked another one to approve."""

    id = fields.BigIntField(primary_key=True)
    requested_at = fields.DatetimeField(description="what was due by this instant was seen")
    requested_by = fields.UUIDField(null=True, description="the operator's account")
    contracts = fields.IntField(description="how many contracts that were")
    closed_at = fields.DatetimeField(null=True, description="when it was approved, or another request came")

    class Meta:
        """Where requests are kept."""

        table = "erasure_approval_request"


class ErasureStop(Model):
    """The one row that says since when the breaker holds erasures back; there is none while it lets them pass."""

    id = fields.SmallIntField(primary_key=True, generated=False, default=1)
    since = fields.DatetimeField()
    alarmed_at = fields.DatetimeField(description="when the alarm was last given")

    class Meta:
        """Where the stop is noted."""

        table = "erasure_stop"


class ConfirmedOutcome(StrEnum):
    """What became of another service's copies."""

    DONE = "DONE"
    NOTHING_HELD = "NOTHING_HELD"
    RETAINED = "RETAINED"


class ErasureConfirmation(Model):
    """What another service says of its own copies: a link of the chain of evidence. Append-only, by a trigger."""

    sequence = fields.BigIntField(primary_key=True, generated=False, description="the place in the chain of evidence")
    contract: fields.ForeignKeyRelation[Contract] = fields.ForeignKeyField(
        "contract_server.Contract", related_name="erasure_confirmations", on_delete=fields.RESTRICT
    )
    contract_id: UUID
    service: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "contract_server.ServiceAccount", related_name="erasure_confirmations", on_delete=fields.RESTRICT
    )
    service_id: UUID
    service_name = fields.CharField(max_length=40)
    outcome = fields.CharEnumField(ConfirmedOutcome, max_length=12)
    reason = fields.CharField(max_length=200, null=True, description="why something is retained; never about a person")
    until = fields.DateField(null=True, description="the last day on which it is retained")
    confirmed_at = fields.DatetimeField()
    previous_hash = fields.CharField(max_length=64, description="hash of the record before it in the chain")
    hash = fields.CharField(max_length=64, description="SHA-256 of all of the above, in hexadecimal")

    class Meta:
        """Where confirmations are kept, in the order in which they are read."""

        table = "erasure_confirmation"
        indexes = (("contract_id", "service_id", "sequence"),)


class AwaitedConfirmation(Model):
    """A service that has yet to confirm an erasure, or retains something. The row goes with its last word."""

    id = fields.BigIntField(primary_key=True)
    contract: fields.ForeignKeyRelation[Contract] = fields.ForeignKeyField(
        "contract_server.Contract", related_name="awaited_confirmations", on_delete=fields.RESTRICT
    )
    contract_id: UUID
    service: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "contract_server.ServiceAccount", related_name="awaited_confirmations", on_delete=fields.RESTRICT
    )
    service_id: UUID
    since = fields.DatetimeField(description="when the contract was erased")
    retained_until = fields.DatetimeField(null=True, description="set while the service retains something")

    class Meta:
        """Where they are kept."""

        table = "awaited_confirmation"
        unique_together = (("service", "contract"),)
