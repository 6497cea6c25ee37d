"""The JSON Schema of policy files, for editors and for checks in other languages.

TOML has dates and JSON has none: the schema takes them as text, as the tools that check TOML by a schema do. It cannot
compare dates. That erasure comes last, and that holidays are listed for long enough, is for `contract-rules
check-policy` to say.
"""

from enum import StrEnum
from typing import Any, Final

from contract_rules.calendars import CALENDAR_KEYS, DAYS_IN_A_WEEK
from contract_rules.periods import LATEST_CUTOFF
from contract_rules.policy.timeline import DeadlineKind
from contract_rules.vocabulary import (
    HAS_CUTOFF,
    HAS_MONTH_RULE,
    MONTHS_IN,
    ROLL_STEP,
    Align,
    Direction,
    FirstDay,
    MonthRule,
    Roll,
    Unit,
)

Schema = dict[str, Any]

DATE: Final[Schema] = {"type": "string", "format": "date"}
TEXT: Final[Schema] = {"type": "string", "pattern": "\\S"}
NOT_EMPTY: Final[Schema] = {"minItems": 1}


def one_of(*choices: StrEnum) -> Schema:
    """One of the members, by its value."""
    return {"enum": [str(choice) for choice in choices]}


def written(**values: Schema) -> Schema:
    """The keys are written, with values of those schemas."""
    return {"properties": values, "required": [*values]}


def never(schema: Schema) -> Schema:
    """What the schema describes is refused."""
    return {"not": schema}


def wherever(condition: Schema, then: Schema) -> Schema:
    """The one asks for the other."""
    return {"if": condition, "then": then}


def ref(name: str) -> Schema:
    """The definition of that name."""
    return {"$ref": f"#/$defs/{name}"}


def table(values: dict[str, Schema], required: list[str], *rules: Schema) -> Schema:
    """A table with these keys and no others, by these rules."""
    return {
        "type": "object",
        "properties": values,
        "required": required,
        "additionalProperties": False,
        "allOf": [*rules],
    }


WEEKDAYS: Final = range(1, DAYS_IN_A_WEEK + 1)
ALL_WEEKDAYS: Final[Schema] = {"allOf": [{"contains": {"const": day}} for day in WEEKDAYS]}
CALENDAR_VALUES: Final[dict[str, Schema]] = {
    "weekend": {"type": "array", "items": {"enum": [*WEEKDAYS]}, **never(ALL_WEEKDAYS)},
    "holidays": {"type": "array", "items": DATE},
    "holidays_from": DATE,
    "holidays_until": DATE,
}
LISTS_HOLIDAYS: Final = written(holidays=NOT_EMPTY)
CLOSES_DAYS: Final = ref("closes_days")
CALENDAR_RULES: Final = (
    wherever(LISTS_HOLIDAYS, written(holidays_until={})),
    *(wherever(written(**{key: {}}), LISTS_HOLIDAYS) for key in ("holidays_from", "holidays_until")),
)

PERIOD_VALUES: Final[dict[str, Schema]] = {
    "unit": one_of(*Unit),
    "count": {"type": "integer", "minimum": 1},
    "first_day": one_of(*FirstDay),
    "month_rule": one_of(*MonthRule),
    "direction": one_of(Direction.FORWARD),
    "clear_days": {"type": "boolean"},
    "event_roll": one_of(Roll.NONE, Roll.FORWARD),
    "cutoff": {"type": "integer", "minimum": 1, "maximum": LATEST_CUTOFF},
    "cutoff_unit": one_of(*(unit for unit in Unit if HAS_CUTOFF[unit])),
    "align": one_of(*Align),
    "align_from": DATE,
    "roll": one_of(*Roll),
    "roll_calendar": {"allOf": [ref("calendar"), CLOSES_DAYS]},
    **CALENDAR_VALUES,
}
COUNTS_MONTHS: Final = written(unit=one_of(*(unit for unit in Unit if HAS_MONTH_RULE[unit])))
ALIGNS: Final = written(align=one_of(*(align for align in Align if MONTHS_IN[align])))
ROLLS: Final = written(roll=one_of(*(roll for roll in Roll if ROLL_STEP[roll])))
BUSINESS_DAY: Final = one_of(Unit.BUSINESS_DAY)
ASKS_FOR_CLOSED_DAYS: Final = ref("asks_for_closed_days")
HAS_ITS_OWN: Final = ref("has_its_own_calendar")
PERIOD_RULES: Final = (
    {**wherever(COUNTS_MONTHS, written(month_rule={})), "else": never(written(month_rule={}))},
    wherever(written(clear_days={"const": True}), {"properties": {"first_day": one_of(FirstDay.EXCLUDE)}}),
    never(written(event_roll=one_of(Roll.FORWARD), first_day=one_of(FirstDay.EXCLUDE_UNLESS_MIDNIGHT))),
    wherever(written(cutoff_unit=BUSINESS_DAY), written(cutoff={})),
    wherever(written(cutoff={}), {"allOf": [COUNTS_MONTHS, ALIGNS]}),
    wherever(written(align_from={}), ALIGNS),
    wherever(written(roll_calendar={}), ROLLS),
    wherever(CLOSES_DAYS, ASKS_FOR_CLOSED_DAYS),
    wherever({"allOf": [ASKS_FOR_CLOSED_DAYS, HAS_ITS_OWN]}, CLOSES_DAYS),
    *CALENDAR_RULES,
)
POLICY_VALUES: Final[dict[str, Schema]] = {
    "name": TEXT,
    "version": TEXT,
    "zone": TEXT,
    **{str(kind): ref("period") for kind in DeadlineKind},
    "valid_from": DATE,
    "valid_until": DATE,
    "calendar": {"allOf": [ref("calendar"), CLOSES_DAYS]},
}


DEFINITIONS: Final[dict[str, Schema]] = {
    "period": table(PERIOD_VALUES, ["unit", "count"], *PERIOD_RULES),
    "calendar": table(CALENDAR_VALUES, [], *CALENDAR_RULES),
    "closes_days": {"anyOf": [written(weekend=NOT_EMPTY), LISTS_HOLIDAYS]},
    "asks_for_closed_days": {
        "anyOf": [
            written(unit=BUSINESS_DAY),
            written(cutoff_unit=BUSINESS_DAY),
            written(event_roll=one_of(Roll.FORWARD)),
            {"allOf": [ROLLS, never(written(roll_calendar={}))]},
        ]
    },
    "has_its_own_calendar": {"anyOf": [written(**{key: {}}) for key in CALENDAR_KEYS]},
    "takes_the_shared_calendar": {"allOf": [ASKS_FOR_CLOSED_DAYS, never(HAS_ITS_OWN)]},
}


def policy_schema() -> Schema:
    """The JSON Schema of a policy file."""
    takes = [written(**{str(kind): ref("takes_the_shared_calendar")}) for kind in DeadlineKind]
    shared = {**wherever({"anyOf": takes}, written(calendar={})), "else": never(written(calendar={}))}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A policy of contract-rules",
        **table(POLICY_VALUES, ["name", "version", "zone", *map(str, DeadlineKind)], shared),
        "$defs": DEFINITIONS,
    }
