"""The recorded terms of policy versions."""

from typing import Any

from tortoise import fields
from tortoise.fields.db_defaults import Now
from tortoise.models import Model


class PolicyTerms(Model):
    """The terms of one version of the policy as they were when it was first used. Never changed, never deleted."""

    version = fields.CharField(primary_key=True, max_length=50)
    fingerprint = fields.CharField(max_length=64, description="SHA-256 of the terms, in hexadecimal")
    terms: dict[str, Any] = fields.JSONField(description="the terms themselves, to name what has changed")
    recorded_at = fields.DatetimeField(db_default=Now(), description="in real time")

    class Meta:
        """Where terms are kept."""

        table = "policy_terms"
