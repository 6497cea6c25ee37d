"""A version's fingerprint changes with every term of it, and with nothing else."""

import copy
import json
import os
import subprocess
import sys
from dataclasses import MISSING, fields, replace
from datetime import date
from importlib import resources
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.examples import POLICY, TOKYO, days

from contract_rules import Calendar, DeadlineKind, FirstDay, Period, Policy, Roll, Unit, changed_terms, parse_policy
from contract_rules.policy.fingerprint import fingerprint_of, is_term, terms_of

PUBLISHED = {
    "omakase-login-1.0.toml": "4eb9798d4429499ddcefef9575364b6993d6d8d598b77e8e3d5d821d5f1b5634",
}
"""The fingerprint of every version that was ever shipped. A line here is never changed."""

OPEN_TO_CHANGE = {"valid_from", "valid_until", "source"}

EVERYTHING = """
    name = "terms"
    version = "全部"
    zone = "Europe/Berlin"
    service_end = { unit = "month", count = 1, month_rule = "start_based", first_day = "include" }
    [resumption]
    unit = "business_day"
    count = 5
    weekend = [7, 6]
    holidays = [2025-05-02, 2025-05-01]
    holidays_until = 2028-01-01
    [erasure]
    unit = "year"
    count = 2
    month_rule = "event_based"
    clear_days = true
    weekend = [7]
    roll = "forward"
"""
EVERYTHING_PRINTED = "2afd5c5ecdc31265e8280936cd7db3f075d4270ab156b5f9fae4bca8d72d73a9"


Terms = Policy | Period | Calendar


def written_fields(kind: type[Terms]) -> list[str]:
    """The names of the fields that a file can say."""
    return [each.name for each in fields(kind) if each.init]


TERMS = {kind: sorted(set(written_fields(kind)) - OPEN_TO_CHANGE) for kind in (Policy, Period, Calendar)}


def altered(thing: Any, **values: object) -> Any:  # noqa: ANN401 - a policy or a period
    """A copy with other values, whether or not they make sense together."""
    found = copy.copy(thing)
    for name, value in values.items():
        object.__setattr__(found, name, value)
    return found


def values_of(kind: type[Terms], name: str) -> st.SearchStrategy[object]:
    """Whatever the field's type allows."""
    hint = get_type_hints(kind)[name]
    if hint is Period:
        return any_period()
    if hint is Calendar:
        return any_terms(Calendar, Calendar())
    if hint == Calendar | None:
        return st.none() | any_terms(Calendar, Calendar()).filter(lambda calendar: calendar.weekend)
    return st.from_type(hint)


def any_period() -> st.SearchStrategy[Period]:
    return any_terms(Period, days(1))


def any_terms(kind: type[Terms], start: Terms) -> st.SearchStrategy[Any]:
    values = st.fixed_dictionaries({name: values_of(kind, name) for name in TERMS[kind]})
    return values.map(lambda drawn: altered(start, **drawn))


EVERY_TERM = [
    pytest.param(kind, start, name, id=f"{kind.__name__}.{name}")
    for kind, start in ((Policy, POLICY), (Period, days(1)), (Calendar, Calendar()))
    for name in TERMS[kind]
]


@pytest.mark.parametrize(("kind", "start", "name"), EVERY_TERM)
@given(data=st.data())
def test_another_value_of_any_term_is_another_fingerprint(
    kind: type[Terms], start: Terms, name: str, data: st.DataObject
) -> None:
    value, other = data.draw(st.lists(values_of(kind, name), min_size=2, max_size=2, unique=True))
    before, after = altered(start, **{name: value}), altered(start, **{name: other})
    assert fingerprint_of(terms_of(before)) != fingerprint_of(terms_of(after))
    assert changed_terms(terms_of(before), terms_of(after)) != []


@given(any_terms(Policy, POLICY))
def test_terms_are_the_same_after_they_were_stored_as_json(policy: Policy) -> None:
    stored = json.loads(json.dumps(policy.terms))
    assert stored == policy.terms
    assert fingerprint_of(stored) == policy.fingerprint
    assert changed_terms(stored, policy.terms) == []


def test_a_field_that_moves_no_promise_says_so() -> None:
    assert {each.name for each in fields(Policy) if each.init and not is_term(each)} == OPEN_TO_CHANGE
    assert [each.name for kind in (Period, Calendar) for each in fields(kind) if each.init and not is_term(each)] == []


def test_a_version_can_be_ended_when_the_next_one_is_written() -> None:
    ended = replace(POLICY, valid_from=date(2024, 1, 1), valid_until=date(2025, 1, 1), source="elsewhere.toml")
    assert ended.fingerprint == POLICY.fingerprint


# ---------------------------------------------------------------- how it is written


@st.composite
def ways_to_write(draw: st.DrawFn, terms: dict[str, Any]) -> str:
    """The same policy with other spaces, comments, quotes and order, and with some defaults written out."""
    periods = {name: value for name, value in terms.items() if isinstance(value, dict)}
    plain = {name: value for name, value in terms.items() if name not in periods}
    parts = [lines(draw, plain)]
    for name in draw(st.permutations(list(periods))):
        defaults = {each.name: str(each.default) for each in fields(Period) if isinstance(each.default, str)}
        chosen = draw(st.sets(st.sampled_from(sorted(defaults))))
        parts.append(f"[{name}]\n{lines(draw, {key: defaults[key] for key in chosen} | periods[name])}")
    return "\n".join(parts)


def lines(draw: st.DrawFn, pairs: dict[str, Any]) -> str:
    written = []
    for key in draw(st.permutations(list(pairs))):
        value = f"'{pairs[key]}'" if isinstance(pairs[key], str) and draw(st.booleans()) else json.dumps(pairs[key])
        space, comment = (
            draw(st.sampled_from(["", " ", "\t "])),
            draw(st.sampled_from(["", " # 45", "\n\n# count = 1"])),
        )
        written.append(f"{space}{key}{space}={space}{value}{comment}\n")
    return "".join(written)


@given(ways_to_write(POLICY.terms))
def test_the_way_in_which_terms_are_written_leaves_the_fingerprint(text: str) -> None:
    assert parse_policy(text).fingerprint == POLICY.fingerprint


def test_the_order_of_closed_days_leaves_the_fingerprint() -> None:
    other_order = EVERYTHING.replace("[7, 6]", "[6, 7, 7]").replace(
        "[2025-05-02, 2025-05-01]", "[2025-05-01, 2025-05-02]"
    )
    assert other_order != EVERYTHING
    assert parse_policy(other_order).fingerprint == parse_policy(EVERYTHING).fingerprint


# ---------------------------------------------------------------- for ever


def test_published_terms_are_as_they_were_published() -> None:
    files = [file for file in (resources.files("contract_rules") / "policies").iterdir() if file.name.endswith(".toml")]
    policies = {file.name: parse_policy(file.read_text(encoding="utf-8")) for file in files}
    assert {name: policy.fingerprint for name, policy in policies.items()} == PUBLISHED
    assert [f"{policy.name}-{policy.version}.toml" for policy in policies.values()] == list(policies)


def test_what_is_not_written_means_what_it_meant() -> None:
    """A default is left out of the terms, so that another default would be another promise under one fingerprint."""
    defaults = {each.name: each.default for each in fields(Period) if each.init and each.default is not MISSING}
    assert {name: value for name, value in defaults.items() if value} == {
        "first_day": "exclude",
        "direction": "forward",
        "event_roll": "none",
        "cutoff_unit": "day",
        "align": "none",
        "roll": "none",
        "calendar": Calendar(),
    }


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_a_fingerprint_is_the_same_in_every_process(seed: str) -> None:
    ask = f"from contract_rules import parse_policy; print(parse_policy({EVERYTHING!r}).fingerprint)"
    told = subprocess.run(  # noqa: S603 - this Python and these words
        [sys.executable, "-c", ask],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == f"{EVERYTHING_PRINTED}\n"


def test_a_term_of_a_kind_that_nothing_is_said_about_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^1\.5: say how JSON writes a float$"):
        terms_of(altered(days(1), count=1.5))


# ---------------------------------------------------------------- what has changed


def test_each_term_that_changed_is_named_with_its_values() -> None:
    erasure = Period(Unit.WEEK, 60, FirstDay.INCLUDE, calendar=Calendar(frozenset({7, 6})), roll=Roll.FORWARD)
    changed = replace(POLICY, zone=ZoneInfo("Europe/Berlin"), erasure=erasure)
    assert changed_terms(POLICY.terms, changed.terms) == [
        "erasure.count: 45 -> 60",
        "erasure.first_day: default -> include",
        "erasure.roll: default -> forward",
        "erasure.unit: day -> week",
        "erasure.weekend: default -> [6, 7]",
        "zone: Asia/Tokyo -> Europe/Berlin",
    ]
    assert changed_terms(changed.terms, POLICY.terms)[1] == "erasure.first_day: include -> default"
    assert POLICY.zone is TOKYO


def test_terms_name_every_deadline() -> None:
    assert POLICY.terms.keys() >= set(DeadlineKind)
