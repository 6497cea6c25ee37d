"""What a language must be able to say, and what a sentence about a promised date is made of."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from contract_rules.decisions import Refused
from contract_rules.periods import ENDS_THE_DAY_BEFORE, INCLUDED, Period
from contract_rules.policy import DeadlineKind, Policy, Timeline


@dataclass(frozen=True, slots=True)
class Promise:
    """The dates of one application, with the policy by whose rules they were counted."""

    timeline: Timeline
    policy: Policy


class Wording(Protocol):
    """One language, in the wording that a polite business page uses."""

    def day(self, day: date) -> str:
        """That date, with its weekday."""

    def deadline(self, kind: DeadlineKind, promise: Promise) -> str:
        """Until when, counted from which application, by which rule."""

    def refusal(self, refused: Refused, promise: Promise) -> str:
        """Why not, the dates that matter, and what can be done instead, with an application in force."""

    def refusal_without_application(self, refused: Refused) -> str:
        """The same without one."""

    def policy(self, policy: Policy) -> str:
        """The terms, and how they count."""


def ends_before_the_corresponding_day(period: Period) -> bool:
    """Whether months run from their first day to the day before the corresponding one."""
    return (period.month_rule is not None and ENDS_THE_DAY_BEFORE[period.month_rule]) or bool(
        INCLUDED[period.first_day]
    )
