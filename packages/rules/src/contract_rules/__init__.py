"""What may be done with a contract now, until when, and why. Facts and `now` go in, a decision comes out.

The package reads no clock and no database, and depends on nothing. What is named here is its public
interface, and follows semantic versioning.
"""

from contract_rules.calendars import Calendar, HolidaysUnknown
from contract_rules.completeness import complete
from contract_rules.decisions import (
    Decision,
    Effect,
    Granted,
    MailKind,
    Reason,
    RecordEvent,
    Refused,
    SendMail,
    available_actions,
    decide,
)
from contract_rules.explanations import (
    Language,
    date_in_words,
    describe_period,
    describe_policy,
    explain_deadline,
    explain_period,
    explain_refusal,
)
from contract_rules.facts import Application, Facts, facts_of, new_contract
from contract_rules.instants import DateOutOfRange
from contract_rules.lifecycle import (
    PERMITTED,
    TRANSITIONS,
    Action,
    Actor,
    Condition,
    EventType,
    Phase,
    Status,
    Transition,
)
from contract_rules.periods import Align, Direction, FirstDay, MonthRule, Period, PeriodError, Roll, Steps, Unit
from contract_rules.policy import (
    Deadline,
    DeadlineKind,
    Policy,
    PolicyError,
    PolicyNotFound,
    PolicyRegistry,
    Timeline,
    changed_terms,
    parse_period,
    parse_policy,
    shipped_policies,
)
from contract_rules.portable import decision_from_json, facts_from_json, timeline_from_json, to_json
from contract_rules.shapes import FactsError
from contract_rules.standing import Standing, phase, service_available, standing

__all__ = [
    "PERMITTED",
    "TRANSITIONS",
    "Action",
    "Actor",
    "Align",
    "Application",
    "Calendar",
    "Condition",
    "DateOutOfRange",
    "Deadline",
    "DeadlineKind",
    "Decision",
    "Direction",
    "Effect",
    "EventType",
    "Facts",
    "FactsError",
    "FirstDay",
    "Granted",
    "HolidaysUnknown",
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
    "Standing",
    "Status",
    "Steps",
    "Timeline",
    "Transition",
    "Unit",
    "available_actions",
    "changed_terms",
    "complete",
    "date_in_words",
    "decide",
    "decision_from_json",
    "describe_period",
    "describe_policy",
    "explain_deadline",
    "explain_period",
    "explain_refusal",
    "facts_from_json",
    "facts_of",
    "new_contract",
    "parse_period",
    "parse_policy",
    "phase",
    "service_available",
    "shipped_policies",
    "standing",
    "timeline_from_json",
    "to_json",
]
