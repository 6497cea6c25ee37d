"""The classification of every column of every table, and what erasure does to it. Erasure does exactly this.

Personal data relates to a person and is erased. Business data is the company's record of the contract. Technical data
serves only the program.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from contract_rules import complete


class Kind(StrEnum):
    """The kind of data in a column."""

    PERSONAL = "personal"
    BUSINESS = "business"
    TECHNICAL = "technical"


class OnErasure(StrEnum):
    """What erasure does to a table's rows of an erased contract."""

    DELETE = "delete the rows"
    EMPTY = "keep the row, empty the columns that say so"
    KEEP = "keep the rows: nothing in them tells of a person"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: how its rows belong to a contract, what erasure does to them, and the kind of each column.

    `belongs` is an SQL condition in which `$1` is the contract's id; None if no row belongs to a contract.
    `reasons` explains for each column of free content, such as JSON, why it contains no personal data.
    """

    on_erasure: OnErasure
    belongs: str | None
    personal: frozenset[str] = frozenset()
    business: frozenset[str] = frozenset()
    technical: frozenset[str] = frozenset()
    emptied: frozenset[str] = frozenset()
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def filled(self) -> str:
        """SQL condition: the row still has data to erase."""
        return " OR ".join(f"{column} IS NOT NULL" for column in sorted(self.emptied)) or "true"

    @property
    def contract(self) -> str:
        """SQL expression for the id of the contract to which a row belongs."""
        column, _, _ = (self.belongs or "NULL ").partition(" ")
        return "(SELECT contract_id FROM account WHERE account.id = account_id)" if column == "account_id" else column

    @property
    def belongs_to_any(self) -> str:
        """SQL condition: the row belongs to one of several contracts; `$1` is the array of their ids."""
        return (self.belongs or "false").replace("= $1", "= ANY ($1)")

    def kind_of(self, column: str) -> Kind:
        """Return the kind of a column.

        Raises:
            KeyError: The column is not classified.
        """
        for kind, columns_of in _COLUMNS.items():
            if column in columns_of(self):
                return kind
        raise KeyError(column)


_COLUMNS: Mapping[Kind, Callable[[Table], frozenset[str]]] = complete(
    "_COLUMNS",
    Kind,
    {
        Kind.PERSONAL: lambda table: table.personal,
        Kind.BUSINESS: lambda table: table.business,
        Kind.TECHNICAL: lambda table: table.technical,
    },
)


def _columns(names: str) -> frozenset[str]:
    return frozenset(names.split())


_OF_THE_CONTRACT = "contract_id = $1"
_OF_THE_ACCOUNT = "account_id IN (SELECT id FROM account WHERE contract_id = $1)"

# In the order of erasure: rows that refer to another row come before it.
TABLES = MappingProxyType(
    {
        "member": Table(
            OnErasure.DELETE,
            _OF_THE_CONTRACT,
            personal=_columns("name email"),
            technical=_columns("id contract_id"),
        ),
        "outbox_mail": Table(
            OnErasure.DELETE,
            _OF_THE_CONTRACT,
            personal=_columns("recipient subject body attachments"),
            technical=_columns(
                "id contract_id kind message_id dated_at state attempts next_attempt_at lease_token lease_until"
                " sent_at failure request_id traceparent useful_until"
            ),
        ),
        "idempotent_answer": Table(
            OnErasure.DELETE,
            _OF_THE_ACCOUNT,
            personal=_columns("key answer"),  # the key is client input
            technical=_columns("id account_id input_hash answered_at"),
            reasons={"input_hash": "SHA-256 of the request, used for comparison and never shown; deleted with its row"},
        ),
        "registration_request": Table(
            OnErasure.DELETE,
            _OF_THE_CONTRACT,
            personal=_columns("key"),  # client input
            technical=_columns("id service_id contract_id input_hash version differences answered_at"),
            reasons={
                "input_hash": "SHA-256 of the request, used for comparison and never shown; deleted with its row",
                "differences": "names of fields, and ids of members",
            },
        ),
        "session": Table(
            OnErasure.DELETE,
            _OF_THE_ACCOUNT,
            personal=_columns("token_hash"),
            technical=_columns("id account_id created_at last_used_at expires_at second_factor_at challenge"),
        ),
        "password_reset_token": Table(
            OnErasure.DELETE,
            _OF_THE_ACCOUNT,
            personal=_columns("token_hash"),
            technical=_columns("id account_id expires_at"),
        ),
        "address_change": Table(
            OnErasure.DELETE,
            _OF_THE_ACCOUNT,
            personal=_columns("new_email old_token_hash new_token_hash"),
            technical=_columns("id account_id expires_at"),
        ),
        # operators have passkeys, and contracts have none of them: their rows go with the account
        "passkey": Table(
            OnErasure.DELETE,
            _OF_THE_ACCOUNT,
            personal=_columns("credential_id public_key"),
            technical=_columns("id account_id sign_count created_at"),
        ),
        "recovery_code": Table(
            OnErasure.DELETE,
            _OF_THE_ACCOUNT,
            personal=_columns("code_hash"),
            technical=_columns("id account_id"),
        ),
        "enrolment_link": Table(
            OnErasure.DELETE,
            _OF_THE_ACCOUNT,
            personal=_columns("token_hash"),
            technical=_columns("id account_id expires_at challenge"),
        ),
        "account": Table(
            OnErasure.DELETE,
            _OF_THE_CONTRACT,
            personal=_columns("name email password_hash"),
            technical=_columns("id role contract_id disabled_at second_factor_since"),
        ),
        "company": Table(
            OnErasure.DELETE,
            _OF_THE_CONTRACT,
            personal=_columns("name address postal_code phone_number"),
            technical=_columns("contract_id"),
        ),
        "contract": Table(
            OnErasure.EMPTY,
            "id = $1",
            business=_columns(
                "status started_on applications service_end_due_at erasure_due_at erasure_announced_for erased_at"
                " hold_placed_at hold_reason"
            ),
            technical=_columns("id version"),
            emptied=_columns("hold_reason"),  # free text of an operator, which may contain personal data
        ),
        "termination_application": Table(
            OnErasure.KEEP,
            _OF_THE_CONTRACT,
            business=_columns(
                "number receipt_number requested_at requested_on reason policy_version service_end_last_day"
                " service_end_at resumption_last_day resumption_at erasure_last_day erasure_at service_ended_at"
                " withdrawn_at"
            ),
            technical=_columns("id contract_id next_reminder_at"),
        ),
        "contract_event": Table(
            OnErasure.EMPTY,
            _OF_THE_CONTRACT,
            personal=_columns("source"),
            business=_columns("at type actor application_id note account_id interface"),
            technical=_columns("id contract_id version seal position"),
            emptied=_columns("note source"),  # the note is free text, like the reason of a hold
        ),
        "erasure_hold": Table(
            OnErasure.EMPTY,
            _OF_THE_CONTRACT,
            business=_columns("reference reason placed_at placed_by review_at released_at released_by release_reason"),
            technical=_columns("id contract_id"),
            emptied=_columns("reason release_reason"),  # free text, as in the contract; the reference is a number
        ),
        "audit_entry": Table(
            OnErasure.EMPTY,
            _OF_THE_CONTRACT,
            personal=_columns("source"),  # of no contract: an operator's, deleted by its own retention
            business=_columns("at action interface account_id about_id subject reason"),
            technical=_columns("id contract_id seal"),
            emptied=_columns("reason source"),
        ),
        "audit_seal": Table(
            OnErasure.KEEP,
            None,
            technical=_columns("sequence closed_at entries entries_digest events events_digest previous_hash hash"),
        ),
        "erasure_record": Table(
            OnErasure.KEEP,
            _OF_THE_CONTRACT,
            business=_columns(
                "application_id receipt_number policy_version due_at started_at finished_at erased_rows rows_left"
                " batches replayed ledger_file code_version schema_version sequence previous_hash hash"
            ),
            technical=_columns("id contract_id evidence_file"),
            reasons={
                "erased_rows": "numbers of rows by table name",
                "rows_left": "numbers of rows by table name",
            },
        ),
        # written after the erasure; services give a reason that is about no person
        "erasure_confirmation": Table(
            OnErasure.KEEP,
            _OF_THE_CONTRACT,
            business=_columns("service_name outcome reason until confirmed_at sequence previous_hash hash"),
            technical=_columns("contract_id service_id"),
        ),
        "awaited_confirmation": Table(
            OnErasure.KEEP,
            _OF_THE_CONTRACT,
            technical=_columns("id contract_id service_id since retained_until"),
        ),
        "due_failure": Table(
            OnErasure.KEEP,
            _OF_THE_CONTRACT,
            technical=_columns("id contract_id act due_at tries failure next_try_at set_aside_at"),
        ),
        "erasure_approval": Table(
            OnErasure.KEEP,
            None,
            business=_columns("approved_at due_until contracts after_sequence ended_at"),
            technical=_columns("id"),
        ),
        "erasure_approval_request": Table(
            OnErasure.KEEP,
            None,
            business=_columns("requested_at requested_by contracts closed_at"),
            technical=_columns("id"),
        ),
        "erasure_stop": Table(OnErasure.KEEP, None, technical=_columns("id since alarmed_at")),
        # keys are irreversible pseudonyms, of unknown addresses too; the sweep deletes them within the hour
        "attempt_count": Table(
            OnErasure.KEEP,
            None,
            personal=_columns("key"),
            technical=_columns("tries full_windows began_at ends_at"),
        ),
        "policy_terms": Table(
            OnErasure.KEEP,
            None,
            technical=_columns("version fingerprint terms recorded_at"),
            reasons={"terms": "numbers of days, time zone, name and version of policy files"},
        ),
        "service_token": Table(
            OnErasure.KEEP,
            None,
            technical=_columns("id token_hash service_id created_at expires_at last_used_at"),
        ),
        "service_account": Table(OnErasure.KEEP, None, technical=_columns("id name scopes created_at revoked_at")),
        "webhook_delivery": Table(
            OnErasure.KEEP,
            _OF_THE_CONTRACT,
            technical=_columns(
                "id endpoint_id event_id contract_id position state queued_at attempts next_attempt_at lease_token"
                " lease_until delivered_at dismissed_at failure"
            ),
        ),
        "webhook_endpoint": Table(
            OnErasure.KEEP,
            None,
            technical=_columns("id name url secrets created_at queued_to disabled_at by_setting withdrawn_at"),
        ),
        "sweep_run": Table(OnErasure.KEEP, None, technical=_columns("id finished_at")),
        "test_clock": Table(OnErasure.KEEP, None, technical=_columns("id moved_by")),
        "tortoise_migrations": Table(OnErasure.KEEP, None, technical=_columns("id app name applied_at")),
    }
)
