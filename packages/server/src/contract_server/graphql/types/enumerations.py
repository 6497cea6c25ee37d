"""The enumerations of the API. The rules and the models define them; here each gets its name and its descriptions."""

from enum import Enum

import strawberry

from contract_rules import Actor, EventType, Status
from contract_server.accounts.models import Role
from contract_server.audit.models import AuditAction
from contract_server.audit.origin import Interface
from contract_server.contracts.models import TerminationReason
from contract_server.erasure.due_erasures import ErasureState
from contract_server.erasure.models import ConfirmedOutcome
from contract_server.erasure.receipts import ReceiptStatus
from contract_server.graphql.strawberry_internals import offer_enum
from contract_server.mail.models import MailState

__all__ = [
    "Actor",
    "AuditAction",
    "ConfirmedOutcome",
    "ContractAction",
    "ErasureState",
    "EventType",
    "Interface",
    "MailState",
    "ReceiptStatus",
    "Role",
    "Status",
    "TerminationReason",
]

offer_enum(
    Status,
    name="ContractStatus",
    description="契約状態.",
    members={
        Status.ACTIVE: "契約中",
        Status.TERMINATED: (
            "契約終了: application accepted; see `serviceAvailable` and `termination` for what still holds."
        ),
        Status.ERASED: "Registered information erased; only a record without personal data remains.",
    },
)
offer_enum(
    TerminationReason,
    name="TerminationReason",
    description="Why a contract is terminated.",
    members={
        TerminationReason.NO_LONGER_NEEDED: "利用する必要がなくなった.",
        TerminationReason.MISSING_FEATURES: "必要な機能がない.",
        TerminationReason.TOO_EXPENSIVE: "料金が高い.",
        TerminationReason.SWITCHED_SERVICE: "他のサービスに切り替える.",
        TerminationReason.COMPANY_CLOSED: "会社を閉じる.",
        TerminationReason.MISTAKE: "誤って申し込んだ.",
        TerminationReason.OTHER: "その他.",
    },
)
offer_enum(
    EventType,
    name="ContractEventType",
    description="What can happen to a contract.",
    members={
        EventType.STARTED: "契約開始.",
        EventType.TERMINATION_REQUESTED: "契約終了の申請.",
        EventType.RESUMED: "契約再開.",
        EventType.SERVICE_ENDED: "利用終了: the last day of use is over.",
        EventType.ERASURE_HELD: "抹消の保留.",
        EventType.ERASURE_HOLD_RELEASED: "抹消の保留の解除.",
        EventType.ERASED: "登録情報の抹消.",
        EventType.REGISTRATION_CHANGED: "登録情報の変更: company, contractor or members.",
        EventType.MEMBERS_REMOVED: "会員の登録解除: what was registered of them was erased at once.",
        EventType.ERASURE_DUE: "抹消の予告: seven days before the erasure that was promised. Not shown to contractors.",
    },
)
offer_enum(
    ConfirmedOutcome,
    name="ConfirmedOutcome",
    description="What became of what another service held of an erased contract.",
    members={
        ConfirmedOutcome.DONE: "All of it is erased.",
        ConfirmedOutcome.NOTHING_HELD: "The service held nothing.",
        ConfirmedOutcome.RETAINED: "Something is retained, for a reason, until a day.",
    },
)
offer_enum(
    Actor,
    name="Actor",
    description="Who acts.",
    members={
        Actor.CONTRACTOR: "契約者.",
        Actor.OPERATOR: "An operator.",
        Actor.SYSTEM: "The service itself, when something falls due; or another service, for its registration.",
    },
)
offer_enum(
    Role,
    name="Role",
    description="What an account may do.",
    members={
        Role.CONTRACTOR: "契約者: sees the own contract, terminates and resumes it.",
        Role.OPERATOR: "Sees every contract, acts for contractors, and holds erasures.",
    },
)
offer_enum(
    AuditAction,
    name="AuditAction",
    description="What the audit trail reports.",
    members={
        AuditAction.CONTRACT_CHANGED: "An event in the history of a contract; `event` tells which.",
        AuditAction.LOGGED_IN: "A log-in.",
        AuditAction.LOG_IN_FAILED: "A log-in with a wrong password, or with an address that has no account.",
        AuditAction.LOGGED_OUT: "A session was ended by its owner.",
        AuditAction.PASSWORD_LINK_REQUESTED: "A link to a new password was asked for.",
        AuditAction.PASSWORD_REPLACED: "A password was replaced, and all sessions of the account ended.",
        AuditAction.ACCOUNT_ADDED: "An account was added.",
        AuditAction.ACCOUNT_UNLOCKED: "Failed log-ins of an account are no longer counted.",
        AuditAction.ACCOUNT_DISABLED: "An account was disabled: it opens nothing.",
        AuditAction.ACCOUNT_ENABLED: "A disabled account was enabled.",
        AuditAction.ACCOUNT_RENAMED: "The name of an account was changed.",
        AuditAction.ADDRESS_CHANGE_REQUESTED: "Links that confirm a new address were mailed.",
        AuditAction.ADDRESS_CHANGED: "An account has a new address, which both mailboxes have confirmed.",
        AuditAction.CONTRACT_TRANSFERRED: "A contract has another contractor.",
        AuditAction.SESSIONS_ENDED: "Sessions were ended, by their owner from another one or by an operator.",
        AuditAction.ENROLMENT_LINK_MADE: "A link was made by which an operator registers a passkey.",
        AuditAction.SECOND_FACTOR_ENROLLED: "An operator registered a passkey.",
        AuditAction.SECOND_FACTOR_PASSED: "An operator showed the second factor.",
        AuditAction.SECOND_FACTOR_FAILED: "A second factor was refused.",
        AuditAction.CONTRACTS_IMPORTED: "Contracts were imported from a file.",
        AuditAction.ERASURE_APPROVAL_REQUESTED: "An approval of a wave of erasures was asked for.",
        AuditAction.REGISTRATION_EXPORTED: "A contractor downloaded everything that is registered of their contract.",
        AuditAction.ERASURES_APPROVED: "A wave of erasures was approved.",
        AuditAction.ERASURE_REPLAYED: "An erasure that a restored backup had undone was begun again.",
        AuditAction.ERASURE_CONFIRMED: "Another service has confirmed an erasure; `subject` says with which outcome.",
        AuditAction.ACTIONS_RETRIED: "Due actions that had failed are tried again.",
        AuditAction.MAILS_RETRIED: "Mails that had failed are sent again.",
        AuditAction.MAIL_DISMISSED: "A mail that had failed was taken off the list.",
        AuditAction.FURTHER_HOLD_PLACED: "A hold was placed beside another; `subject` has the number of its case.",
        AuditAction.FURTHER_HOLD_RELEASED: "A hold was released, and another is still in force; `subject` as above.",
        AuditAction.SERVICE_ADDED: "Another service was given access; `subject` has its scopes.",
        AuditAction.SERVICE_TOKEN_ROTATED: "Another service was given a new token.",
        AuditAction.SERVICE_REVOKED: "The access of another service was ended.",
        AuditAction.WEBHOOK_ADDED: "An endpoint of webhooks was added.",
        AuditAction.WEBHOOK_ROTATED: "An endpoint of webhooks was given a new secret.",
        AuditAction.WEBHOOK_CHANGED: "By the setting, an endpoint of webhooks has another URL, or gets changes again.",
        AuditAction.WEBHOOK_WITHDRAWN: "An endpoint of webhooks gets nothing more: the setting names it no longer.",
        AuditAction.WEBHOOK_REMOVED: "An endpoint of webhooks was removed.",
        AuditAction.WEBHOOKS_RETRIED: "Webhooks that had failed are sent again.",
        AuditAction.WEBHOOKS_DISMISSED: "Webhooks that had failed were closed without another attempt.",
    },
)
offer_enum(
    ReceiptStatus,
    name="ReceiptStatus",
    description="What became of an application.",
    members={
        ReceiptStatus.ACCEPTED: "It was accepted and is in force.",
        ReceiptStatus.RESUMED: "It was taken back: the contract was resumed.",
        ReceiptStatus.ERASED: "The registered information was erased.",
    },
)
offer_enum(
    MailState,
    name="MailState",
    description="What became of a mail.",
    members={
        MailState.PENDING: "It is to be sent.",
        MailState.SENT: "The mail server has accepted it.",
        MailState.FAILED: "It is not tried again, unless an operator says so.",
        MailState.DISMISSED: "It had failed, and an operator has closed it.",
    },
)
offer_enum(
    ErasureState,
    name="ErasureState",
    description="Where an erasure stands.",
    members={
        ErasureState.SCHEDULED: "It falls due later.",
        ErasureState.DUE: "The next sweep carries it out.",
        ErasureState.STOPPED: "It is due, and waits for an operator's approval with all others.",
        ErasureState.RETRYING: "It has failed, and is tried again by itself.",
        ErasureState.FAILED: "It has failed permanently, and waits for an operator.",
        ErasureState.ON_HOLD: "It is on hold.",
    },
)
offer_enum(
    Interface,
    name="Interface",
    description="The way by which something was done.",
    members={
        Interface.API: "A client of the API.",
        Interface.PAGE: "A page in a browser.",
        Interface.WORKER: "The worker.",
        Interface.COMMAND_LINE: "A command.",
    },
)


@strawberry.enum(description="What a person can do with a contract.")
class ContractAction(Enum):
    """The actions of the rules that the API offers to contractors, and to operators on their behalf."""

    TERMINATE = strawberry.enum_value("TERMINATE", description="契約終了.")
    RESUME = strawberry.enum_value("RESUME", description="契約再開.")
