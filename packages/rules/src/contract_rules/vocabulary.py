"""The words that periods are made of: what is counted, from where, which way, and what moves the end."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from contract_rules.calendars import DAYS_IN_A_WEEK
from contract_rules.completeness import complete

MONTHS_IN_A_YEAR: Final = 12


class Unit(StrEnum):
    """What is counted. A business day is a day that is neither on a weekend nor a holiday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    BUSINESS_DAY = "business_day"


class FirstDay(StrEnum):
    """Whether the day of the event is itself the first day of the period.

    Excluded: 民法140条本文; Regulation 1182/71, article 3(1); BGB § 187(1). Included: BGB § 187(2).
    Excluded unless the event falls on 00:00:00.000000 exactly: 民法140条ただし書.
    """

    EXCLUDE = "exclude"
    INCLUDE = "include"
    EXCLUDE_UNLESS_MIDNIGHT = "exclude_unless_midnight"


class MonthRule(StrEnum):
    """On which day a period of months or years ends.

    Start-based: the day before the one that corresponds to the first counted day (民法143条2項).
    Event-based: the day with the event's number (Regulation 1182/71, article 3(2)(c); BGB § 188(2)).
    """

    START_BASED = "start_based"
    EVENT_BASED = "event_based"


class Direction(StrEnum):
    """Whether the period runs on from the event or leads up to it."""

    FORWARD = "forward"
    BACKWARD = "backward"


class Roll(StrEnum):
    """Whether a day that is not a business day moves, and which way in the calendar.

    Last days, forward: 民法142条; Regulation 1182/71, article 3(4); BGB § 193. Events, forward: deemed delivery, as
    in Swiss ZPO article 142(1bis).
    """

    NONE = "none"
    FORWARD = "forward"
    BACKWARD = "backward"


class Align(StrEnum):
    """The end of which month, quarter or year a period runs on to.

    They are the calendar's, or a contract's: those that begin on a given date (`align_from`). "One calendar month's
    notice" is a month, aligned to the end of the month: 15 March, then 15 April, then 30 April.
    """

    NONE = "none"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


HAS_MONTH_RULE: Final[Mapping[Unit, bool]] = complete(
    "HAS_MONTH_RULE",
    Unit,
    {Unit.DAY: False, Unit.WEEK: False, Unit.MONTH: True, Unit.YEAR: True, Unit.BUSINESS_DAY: False},
)
DAYS_IN: Final[Mapping[Unit, int | None]] = complete(
    "DAYS_IN",
    Unit,
    {Unit.DAY: 1, Unit.WEEK: DAYS_IN_A_WEEK, Unit.MONTH: None, Unit.YEAR: None, Unit.BUSINESS_DAY: None},
)
"""None where it depends on the date."""

INCLUDED: Final[Mapping[FirstDay, bool | None]] = complete(
    "INCLUDED",
    FirstDay,
    {FirstDay.EXCLUDE: False, FirstDay.INCLUDE: True, FirstDay.EXCLUDE_UNLESS_MIDNIGHT: None},
)
"""Whether the event's day counts as the first; None where it depends on the time of day."""

ENDS_THE_DAY_BEFORE: Final[Mapping[MonthRule, bool]] = complete(
    "ENDS_THE_DAY_BEFORE", MonthRule, {MonthRule.START_BASED: True, MonthRule.EVENT_BASED: False}
)
"""Whether a month or year ends on the day before the one that corresponds to its first."""

STEP: Final[Mapping[Direction, int]] = complete("STEP", Direction, {Direction.FORWARD: 1, Direction.BACKWARD: -1})
"""Days to the next day of the period."""

ROLL_STEP: Final[Mapping[Roll, int]] = complete("ROLL_STEP", Roll, {Roll.NONE: 0, Roll.FORWARD: 1, Roll.BACKWARD: -1})
"""Days to the next day on which a period might end instead."""

MONTHS_IN: Final[Mapping[Align, int]] = complete(
    "MONTHS_IN", Align, {Align.NONE: 0, Align.MONTH: 1, Align.QUARTER: 3, Align.YEAR: MONTHS_IN_A_YEAR}
)

HAS_CUTOFF: Final[Mapping[Unit, bool]] = complete(
    "HAS_CUTOFF",
    Unit,
    {Unit.DAY: True, Unit.WEEK: False, Unit.MONTH: False, Unit.YEAR: False, Unit.BUSINESS_DAY: True},
)
"""In which units a cut-off can be given."""
