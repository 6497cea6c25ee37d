import datetime

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.fields.db_defaults import Now
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Contract",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("version", fields.IntField()),
                (
                    "status",
                    fields.CharField(
                        description="ACTIVE: ACTIVE\nTERMINATED: TERMINATED\nERASED: ERASED",
                        max_length=10,
                    ),
                ),
                ("started_on", fields.DateField()),
                (
                    "applications",
                    fields.IntField(description="how many applications to terminate were ever made"),
                ),
                (
                    "service_end_due_at",
                    fields.DatetimeField(
                        null=True,
                        description="when the end of service is to be recorded",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                (
                    "erasure_due_at",
                    fields.DatetimeField(
                        null=True,
                        description="when everything personal is to be erased",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("erased_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "hold_placed_at",
                    fields.DatetimeField(
                        null=True,
                        description="set while erasure is on hold",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("hold_reason", fields.CharField(null=True, max_length=500)),
            ],
            options={
                "table": "contract",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "The contract itself: the facts that the rules ask for, and what falls due when.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Account",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "role",
                    fields.CharField(
                        description="CONTRACTOR: CONTRACTOR\nOPERATOR: OPERATOR",
                        max_length=10,
                    ),
                ),
                ("name", fields.CharField(max_length=200)),
                (
                    "email",
                    fields.CharField(
                        unique=True,
                        description="in lower case, so that the unique index compares it",
                        max_length=254,
                    ),
                ),
                ("password_hash", fields.CharField(max_length=200)),
                (
                    "contract",
                    fields.OneToOneField(
                        "contract_server.Contract",
                        source_field="contract_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="account",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "account",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "A person who logs in to contract management. A contractor's goes when the contract is erased.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Company",
            fields=[
                (
                    "contract",
                    fields.OneToOneField(
                        "contract_server.Contract",
                        source_field="contract_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="company",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=200)),
                ("address", fields.CharField(max_length=400)),
                ("postal_code", fields.CharField(max_length=20)),
                ("phone_number", fields.CharField(max_length=30)),
            ],
            options={
                "table": "company",
                "app": "contract_server",
                "pk_attr": "contract_id",
                "table_description": "会社名, 会社住所, 郵便番号, 電話番号. Gone when the contract is erased.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ContractEvent",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "contract",
                    fields.ForeignKeyField(
                        "contract_server.Contract",
                        source_field="contract_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="events",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "type",
                    fields.CharField(
                        description="STARTED: STARTED\nTERMINATION_REQUESTED: TERMINATION_REQUESTED\nRESUMED: RESUMED\nSERVICE_ENDED: SERVICE_ENDED\nERASURE_HELD: ERASURE_HELD\nERASURE_HOLD_RELEASED: ERASURE_HOLD_RELEASED\nERASED: ERASED",
                        max_length=30,
                    ),
                ),
                (
                    "actor",
                    fields.CharField(
                        description="CONTRACTOR: CONTRACTOR\nOPERATOR: OPERATOR\nSYSTEM: SYSTEM",
                        max_length=10,
                    ),
                ),
                (
                    "application_id",
                    fields.UUIDField(null=True, description="the application that the event belongs to"),
                ),
            ],
            options={
                "table": "contract_event",
                "app": "contract_server",
                "indexes": [Index(fields=["contract_id", "at", "id"])],
                "pk_attr": "id",
                "table_description": "Something that happened to a contract. Carries nothing personal and survives erasure.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ErasureRecord",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "contract",
                    fields.OneToOneField(
                        "contract_server.Contract",
                        source_field="contract_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="erasure_record",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("application_id", fields.UUIDField()),
                ("policy_version", fields.CharField(max_length=50)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("erased_rows", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("code_version", fields.CharField(max_length=50)),
            ],
            options={
                "table": "erasure_record",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "The ledger: that a contract's erasure began, and, once all of it is gone, the evidence. Nothing personal.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="IdempotentAnswer",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "contract_server.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="idempotent_answers",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("key", fields.CharField(max_length=255)),
                ("input_hash", fields.BinaryField(description="SHA-256 of operation and input")),
                ("answer", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                (
                    "answered_at",
                    fields.DatetimeField(
                        description="in real time", db_default=Now(), auto_now=False, auto_now_add=False
                    ),
                ),
            ],
            options={
                "table": "idempotent_answer",
                "app": "contract_server",
                "unique_together": (("account", "key"),),
                "pk_attr": "id",
                "table_description": "The first answer to a request that carried an idempotency key, kept in the transaction that made it true.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Member",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "contract",
                    fields.ForeignKeyField(
                        "contract_server.Contract",
                        source_field="contract_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="members",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=200)),
                ("email", fields.CharField(max_length=254)),
            ],
            options={
                "table": "member",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "会員: a registered person who uses the service, the contractor's own registration among them.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OutboxMail",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True,
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="in order of writing: a contract's mails go out in this order",
                    ),
                ),
                (
                    "contract",
                    fields.ForeignKeyField(
                        "contract_server.Contract",
                        source_field="contract_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="outbox_mails",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=40)),
                ("message_id", fields.CharField(unique=True, max_length=200)),
                (
                    "dated_at",
                    fields.DatetimeField(
                        description="the mail's Date, and the start of its time to live",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("recipient", fields.CharField(max_length=254)),
                ("subject", fields.CharField(max_length=200)),
                ("body", fields.TextField(unique=False)),
                (
                    "state",
                    fields.CharField(
                        default="PENDING",
                        description="PENDING: PENDING\nSENT: SENT\nFAILED: FAILED",
                        max_length=10,
                    ),
                ),
                ("attempts", fields.IntField(default=0)),
                (
                    "next_attempt_at",
                    fields.DatetimeField(description="by the contracts' clock", auto_now=False, auto_now_add=False),
                ),
                ("lease_token", fields.UUIDField(null=True, description="who is sending it now")),
                (
                    "lease_until",
                    fields.DatetimeField(
                        null=True,
                        description="in real time; after it anybody may take over",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "failure",
                    fields.CharField(
                        null=True, description="the kind of the last failure, never its text", max_length=100
                    ),
                ),
                (
                    "request_id",
                    fields.CharField(null=True, description="the request that caused it, for the log", max_length=64),
                ),
            ],
            options={
                "table": "outbox_mail",
                "app": "contract_server",
                "indexes": [Index(fields=["contract_id", "id"])],
                "pk_attr": "id",
                "table_description": "A mail that is owed since the moment its change was committed, rendered once so that a repeat is identical.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PasswordResetToken",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "token_hash",
                    fields.CharField(unique=True, description="SHA-256 of a 256-bit random token", max_length=64),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "contract_server.Account",
                        source_field="account_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="password_reset_tokens",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "password_reset_token",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "A link to a new password that was sent and not yet used. Only the token's hash is kept.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Session",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "token_hash",
                    fields.CharField(unique=True, description="SHA-256 of a 256-bit random token", max_length=64),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "contract_server.Account",
                        source_field="account_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="sessions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_used_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "session",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "A log-in that is still good. Only the token's hash is kept, so the table opens no door to who reads it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SweepRun",
            fields=[
                ("id", fields.SmallIntField(primary_key=True, generated=False, default=1, unique=True, db_index=True)),
                (
                    "finished_at",
                    fields.DatetimeField(description="in real time", auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "sweep_run",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "The one row that says when the last sweep came to its end.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TerminationApplication",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "contract",
                    fields.ForeignKeyField(
                        "contract_server.Contract",
                        source_field="contract_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="termination_applications",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.IntField(description="the contract's first application is 1")),
                ("requested_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("requested_on", fields.DateField()),
                (
                    "reason",
                    fields.CharField(
                        null=True,
                        description="NO_LONGER_NEEDED: NO_LONGER_NEEDED\nMISSING_FEATURES: MISSING_FEATURES\nTOO_EXPENSIVE: TOO_EXPENSIVE\nSWITCHED_SERVICE: SWITCHED_SERVICE\nCOMPANY_CLOSED: COMPANY_CLOSED\nMISTAKE: MISTAKE\nOTHER: OTHER",
                        max_length=20,
                    ),
                ),
                ("policy_version", fields.CharField(max_length=50)),
                ("service_end_last_day", fields.DateField()),
                ("service_end_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("resumption_last_day", fields.DateField()),
                ("resumption_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("erasure_last_day", fields.DateField()),
                ("erasure_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "service_ended_at",
                    fields.DatetimeField(
                        null=True,
                        description="when the end of service was recorded",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                (
                    "withdrawn_at",
                    fields.DatetimeField(
                        null=True,
                        description="when the contractor took the application back",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "termination_application",
                "app": "contract_server",
                "unique_together": (("contract", "number"),),
                "pk_attr": "id",
                "table_description": "申請: one application to stop using the service, with the dates that follow from it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TestClockRow",
            fields=[
                ("id", fields.SmallIntField(primary_key=True, generated=False, default=1, unique=True, db_index=True)),
                ("moved_by", fields.TimeDeltaField(default=datetime.timedelta(seconds=0.0))),
            ],
            options={
                "table": "test_clock",
                "app": "contract_server",
                "pk_attr": "id",
                "table_description": "The one row that says how far the test clock stands ahead; a restart forgets nothing.",
            },
            bases=["Model"],
        ),
    ]
