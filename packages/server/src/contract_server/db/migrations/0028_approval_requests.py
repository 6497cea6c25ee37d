"""Approvals of erasures by a second person."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """The waves of erasures that operators asked others to approve."""

    dependencies = [("contract_server", "0027_reasons_of_entries")]

    operations = [
        ops.CreateModel(
            name="ErasureApprovalRequest",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "requested_at",
                    fields.DatetimeField(
                        description="what was due by this instant was seen", auto_now=False, auto_now_add=False
                    ),
                ),
                ("requested_by", fields.UUIDField(null=True, description="the operator's account")),
                ("contracts", fields.IntField(description="how many contracts that were")),
                (
                    "closed_at",
                    fields.DatetimeField(
                        null=True,
                        description="when it was approved, or another request came",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "erasure_approval_request",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "A wave of erasures that an operator has asked another one to approve.",
            },
            bases=["Model"],
        ),
    ]
