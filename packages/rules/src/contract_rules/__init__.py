"""What may be done with a contract now, until when, and why. Facts and `now` go in, a decision comes out.

The package reads no clock and no database, and depends on nothing. What is named here is its public
interface, and follows semantic versioning.
"""

from contract_rules.decisions import (
    Decision,
    Effect,
    EraseRegistration,
    Granted,
    MailKind,
    Reason,
    RecordEvent,
    Refused,
    SendMail,
    WakeAt,
    available_actions,
    decide,
)
from contract_rules.explanations import (
    Language,
    date_in_words,
    describe_policy,
    explain_deadline,
    explain_refusal,
)
from contract_rules.instants import DateOutOfRange
from contract_rules.lifecycle import (
    PERMITTED,
    TRANSITIONS,
    Action,
    Actor,
    Application,
    Condition,
    EventType,
    Facts,
    Phase,
    Status,
    Transition,
    new_contract,
    phase,
    service_available,
)
from contract_rules.periods import Direction, FirstDay, MonthRule, Period, PeriodError, Roll, Unit
from contract_rules.policy import Policy, PolicyError
from contract_rules.policy_file import parse_policy
from contract_rules.registry import PolicyNotFound, PolicyRegistry, shipped_policies
from contract_rules.timeline import Deadline, DeadlineKind, Timeline

__all__ = [
    "PERMITTED",
    "TRANSITIONS",
    "Action",
    "Actor",
    "Application",
    "Condition",
    "DateOutOfRange",
    "Deadline",
    "DeadlineKind",
    "Decision",
    "Direction",
    "Effect",
    "EraseRegistration",
    "EventType",
    "Facts",
    "FirstDay",
    "Granted",
    "Language",
    "MailKind",
    "MonthRule",
    "Period",
    "PeriodError",
    "Phase",
    "Policy",
    "PolicyError",
    "PolicyNotFound",
    "PolicyRegistry",
    "Reason",
    "RecordEvent",
    "Refused",
    "Roll",
    "SendMail",
    "Status",
    "Timeline",
    "Transition",
    "Unit",
    "WakeAt",
    "available_actions",
    "date_in_words",
    "decide",
    "describe_policy",
    "explain_deadline",
    "explain_refusal",
    "new_contract",
    "parse_policy",
    "phase",
    "service_available",
    "shipped_policies",
]
