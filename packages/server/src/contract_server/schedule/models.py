"""Due actions that failed, and the last sweep."""

from datetime import datetime
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from contract_rules import Action
from contract_server.contracts.models import Contract


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


class SweepRun(Model):
    """The one row that says when the last sweep came to its end."""

    id = fields.SmallIntField(primary_key=True, generated=False, default=1)
    finished_at: datetime = fields.DatetimeField(description="in real time")

    class Meta:
        """Where the last sweep is noted."""

        table = "sweep_run"
