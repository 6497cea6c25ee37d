"""The enumerations of the API. The rules and the models define them; here each gets its name and its descriptions."""

from enum import Enum

import strawberry

from contract_rules import Actor, EventType, Status
from contract_server.accounts.models import Role
from contract_server.contracts.models import TerminationReason
from contract_server.graphql.strawberry_internals import offer_enum

__all__ = ["Actor", "ContractAction", "EventType", "Role", "Status", "TerminationReason"]

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
    },
)
offer_enum(
    Actor,
    name="Actor",
    description="Who acts.",
    members={
        Actor.CONTRACTOR: "契約者.",
        Actor.OPERATOR: "An operator.",
        Actor.SYSTEM: "The service itself, when something falls due.",
    },
)
offer_enum(
    Role,
    name="Role",
    description="What an account may do.",
    members={
        Role.CONTRACTOR: "契約者: sees the own contract, terminates and resumes it.",
        Role.OPERATOR: "Sees every contract, and holds erasures.",
    },
)


@strawberry.enum(description="What a person can do with a contract.")
class ContractAction(Enum):
    """The actions of the rules that the API offers to contractors."""

    TERMINATE = strawberry.enum_value("TERMINATE", description="契約終了.")
    RESUME = strawberry.enum_value("RESUME", description="契約再開.")
