"""The JSON Schema of policy files says of a file what reading it says, but for what follows from comparing dates."""

import json
import tomllib
from datetime import date
from importlib import resources
from typing import Any

import jsonschema_rs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract_rules import PolicyError, parse_policy
from contract_rules.periods import PERIOD_KEYS
from contract_rules.policy.schema import PERIOD_VALUES, POLICY_VALUES, policy_schema
from contract_rules.policy.toml import KEYS

SHIPPED = resources.files("contract_rules")
SCHEMA = json.loads((SHIPPED / "schemas" / "policy.json").read_text("utf-8"))
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)
OF_DATES = ("applied on", "lasts more than", "no date of application", "complete for applications", "holidays go from")
"""What errors say that follow from comparing dates."""

Table = dict[str, Any]

YEARS = {"unit": "year", "count": 3, "month_rule": "start_based"}
DAYS = {"unit": "day", "count": 14}
HOLIDAYS = [date(2024, 5, 3), date(2024, 12, 31)]


def maybe(values: dict[str, tuple[list[object], list[object]]]) -> st.SearchStrategy[Table]:
    """Tables with some of the keys, with values that are mostly of the first kind, which may be good."""
    return st.fixed_dictionaries(
        {}, optional={key: st.sampled_from(good * 9 + bad) for key, (good, bad) in values.items()}
    )


CALENDARS = maybe(
    {
        "weekend": ([[6, 7], [7], [7, 7]], [[], [1, 2, 3, 4, 5, 6, 7], [0], ["6"], 6]),
        "holidays": ([HOLIDAYS, ["2024-05-03"]], [[], ["May"], [True]]),
        "holidays_from": ([date(2024, 1, 1)], ["January"]),
        "holidays_until": ([date(2034, 1, 1), "2034-01-01"], ["2034"]),
    }
)
LENGTHS = [
    DAYS,
    YEARS,
    {"unit": "business_day", "count": 5},
    {"unit": "month", "count": 1, "month_rule": "event_based"},
]
PERIODS = st.builds(
    lambda *parts: {key: value for part in parts for key, value in part.items()},
    st.sampled_from([*LENGTHS * 9, {"unit": "month", "count": 1}, {"unit": "week"}, {"count": 1}, {}]),
    st.one_of(st.just({}), st.just({"align": "month"}), st.just({"roll": "forward"})),
    maybe(
        {
            "count": ([1], [0, "14", True]),  # 2.0 is a whole number to a JSON Schema
            "first_day": (["exclude", "include", "exclude_unless_midnight"], ["excluded"]),
            "clear_days": ([True, False], [1]),
            "event_roll": (["none", "forward"], ["backward"]),
        }
    ),
    st.one_of(
        st.just({}),
        maybe(
            {
                "month_rule": (["start_based", "event_based"], [1]),
                "direction": (["forward"], ["backward"]),
                "cutoff": ([15], [0, 31]),
                "cutoff_unit": (["day", "business_day"], ["week"]),
                "align": (["none", "month", "quarter", "year"], ["week"]),
                "align_from": ([date(2024, 4, 1)], ["April"]),
                "roll": (["none", "forward", "backward"], [True]),
            }
        ),
    ),
    st.one_of(st.just({}), CALENDARS),
    st.one_of(st.just({}), st.fixed_dictionaries({"roll_calendar": CALENDARS})),
)
POLICIES = st.builds(
    lambda *parts: {key: value for part in parts for key, value in part.items()},
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["terms"] * 20 + ["", " ", 1]),
            "version": st.just("1"),
            "zone": st.just("Asia/Tokyo"),
            "service_end": PERIODS,
            "resumption": st.just(DAYS),
            "erasure": st.just(YEARS),
        }
    ),
    st.one_of(st.just({}), st.fixed_dictionaries({"calendar": CALENDARS})),
    st.one_of(st.just({}), st.just({"valid_until": date(2030, 1, 1)})),
)


def as_toml(value: object) -> str:
    """A value as TOML writes it, within one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {as_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return str(value) if isinstance(value, date) else json.dumps(value)


def toml_of(policy: Table) -> str:
    return "".join(f"{key} = {as_toml(value)}\n" for key, value in policy.items())


def is_valid(text: str) -> bool:
    """Under the schema, which takes dates as text."""
    return VALIDATOR.is_valid(json.loads(json.dumps(tomllib.loads(text), default=str)))


def is_read(text: str) -> bool:
    """Without an error that does not follow from comparing dates."""
    try:
        parse_policy(text)
    except PolicyError as error:
        return any(phrase in str(error) for phrase in OF_DATES)
    return True


PLAIN = {"name": "terms", "version": "1", "zone": "UTC", "service_end": DAYS, "resumption": DAYS, "erasure": DAYS}


@example(policy=PLAIN)
@example(policy=PLAIN | {"horizon": date(2030, 1, 1)})
@example(policy=PLAIN | {"calendar": {}})
@example(policy=PLAIN | {"erasure": DAYS | {"span": 14}})
@example(policy=PLAIN | {"service_end": 14})
@given(policy=POLICIES)
@settings(max_examples=10 * settings().max_examples)
def test_a_policy_is_valid_exactly_if_it_can_be_read(policy: Table) -> None:
    text = toml_of(policy)
    assert is_valid(text) is is_read(text)


def test_the_shipped_policies_are_valid() -> None:
    texts = [file.read_text("utf-8") for file in (SHIPPED / "policies").iterdir()]
    assert [text for text in texts if not is_valid(text)] == []


def test_the_schema_in_the_package_is_made_of_the_keys_that_are_read() -> None:
    assert policy_schema() == SCHEMA
    jsonschema_rs.meta.validate(SCHEMA)
    assert sorted(PERIOD_VALUES) == sorted(PERIOD_KEYS)
    assert sorted(POLICY_VALUES) == sorted(KEYS)
