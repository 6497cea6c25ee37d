"""Two more types of events: a registration was changed, and members were removed."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

TYPES = (
    "STARTED",
    "TERMINATION_REQUESTED",
    "RESUMED",
    "SERVICE_ENDED",
    "ERASURE_HELD",
    "ERASURE_HOLD_RELEASED",
    "ERASED",
    "REGISTRATION_CHANGED",
    "MEMBERS_REMOVED",
)


class Migration(migrations.Migration):
    """The types are told in the description of their column alone."""

    dependencies = [("contract_server", "0033_domains_in_a_labels")]

    operations = [
        ops.AlterField(
            model_name="ContractEvent",
            name="type",
            field=fields.CharField(description="\n".join(f"{type_}: {type_}" for type_ in TYPES), max_length=30),
        ),
    ]
