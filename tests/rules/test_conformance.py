import json
from collections.abc import Mapping
from importlib import resources
from itertools import product
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules import decision_vectors

from contract_rules import Action, Actor, Phase, Status
from contract_rules.conformance import ANSWERS, VECTORS, Mismatch, agree, mismatches, read_cases, shipped_cases

PACKAGE = resources.files("contract_rules")
PERIOD = {"unit": "day", "count": 14}
CASE = {"id": "A1", "event": "2024-03-01", "period": PERIOD, "last_day": "2024-03-15"}
INSTANT = {"id": "A1", "event": "2024-03-01", "period": PERIOD, "zone": "Asia/Tokyo", "ends_at": "2024-03-15T15:00:00Z"}
ERROR = {"id": "A1", "event": "2024-03-01", "period": {**PERIOD, "count": 0}, "error": "PeriodError"}
ACTIVE = {
    "status": "ACTIVE",
    "version": 1,
    "applications": 0,
    "application": None,
    "service_ended": False,
    "erasure_held": False,
}
POLICY = {"name": "terms", "version": "1", "zone": "Asia/Tokyo"} | dict.fromkeys(
    ("service_end", "resumption", "erasure"), PERIOD
)
ASKED = {"id": "A1", "policy": POLICY, "facts": ACTIVE, "now": "2024-03-01T00:00:00Z", "actor": "OPERATOR"}
REFUSED = ASKED | {"action": "RESUME", "refused": "NOT_TERMINATED"}
GRANTED = ASKED | {
    "action": "RELEASE_ERASURE_HOLD",
    "decision": {"outcome": "granted", "facts": ACTIVE, "effects": []},
}
STANDING = {
    "id": "A1",
    "facts": ACTIVE,
    "now": "2024-03-01T00:00:00Z",
    "standing": {"phase": "IN_USE", "service_available": True, "until": None},
}
CASES: dict[str, Mapping[str, object]] = {
    "last_day": CASE,
    "ends_at": INSTANT,
    "error": ERROR,
    "decision": GRANTED,
    "refused": REFUSED,
    "standing": STANDING,
}


def difference(case: Mapping[str, object] = CASE, **change: object) -> str:
    """What is found wrong with the case, so changed."""
    (mismatch,) = mismatches([{**case, **change}])
    assert mismatch.case == str(change.get("id", "A1"))
    return mismatch.difference


def test_every_kind_of_answer_has_its_case_here() -> None:
    assert [*CASES] == [*ANSWERS]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_case_that_holds_is_no_mismatch_and_its_other_keys_are_ignored(case: Mapping[str, object]) -> None:
    assert mismatches([case, {**case, "source": "anywhere", "note": None, "expected": "2024-01-01"}]) == []


@pytest.mark.parametrize(
    ("case", "change", "message"),
    [
        (CASE, {"last_day": "2024-03-14"}, "last_day 2024-03-15, expected last_day 2024-03-14"),
        (CASE, {"last_day": None}, "last_day 2024-03-15, expected last_day None"),
        (
            INSTANT,
            {"ends_at": "2024-03-16T00:00:00Z"},
            "ends_at 2024-03-16T00:00:00+09:00, expected ends_at 2024-03-16T00:00:00Z",
        ),
        (ERROR, {"period": PERIOD}, "last_day 2024-03-15, expected error PeriodError"),
        (
            ERROR,
            {"error": "DateOutOfRange"},
            "error PeriodError, message count is 0: write a whole number of 1 or more, expected error DateOutOfRange",
        ),
    ],
)
def test_another_answer_is_a_mismatch(case: Mapping[str, object], change: dict[str, object], message: str) -> None:
    assert difference(case, **change) == message


@pytest.mark.parametrize(
    "event", ["2024-03-01", "2024-03-01T23:59:59", "2024-03-01T00:00:00+09:00", "2024-03-01T00:00:00Z"]
)
def test_an_event_may_have_a_time_and_an_offset(event: str) -> None:
    assert mismatches([{**CASE, "event": event}]) == []


def test_instants_agree_whatever_their_zone() -> None:
    assert agree({"at": ["2024-03-16T00:00:00+09:00"]}, {"at": ["2024-03-15T15:00:00.000000Z"]})
    assert not agree("2024-03-16T00:00:00+09:00", "2024-03-15T15:00:00.000001Z")
    assert not agree({"at": "2024-03-16T00:00:00+09:00"}, {"at": "2024-03-15T15:00:00.000001Z"})
    assert not agree(["2024-03-16T00:00:00+09:00"], ["2024-03-15T15:00:00.000001Z"])


@pytest.mark.parametrize("text", ["2024-03-16T00:00:00", "TERMINATED", "0001-01-01T00:00:00+09:00"])
def test_text_that_is_no_instant_agrees_with_itself_alone(text: str) -> None:
    assert agree(text, text)
    assert not agree(text, f"{text} ")


@pytest.mark.parametrize(
    ("period", "message"),
    [
        ({"unit": "day"}, "error PeriodError, message count is missing"),
        ({"unit": "day", "count": 0}, "error PeriodError, message count is 0"),
        (
            {"unit": "day", "count": 14, "until": "noon"},
            "error PeriodError, message 'until' is not a key of a period",
        ),
        ({"unit": "day", "count": 10**9}, "error DateOutOfRange, message 1000000000 days forward from 2024-03-01 end"),
    ],
)
def test_a_period_that_cannot_be_counted_is_answered_with_an_error(period: object, message: str) -> None:
    assert difference(period=period).startswith(message)


@pytest.mark.parametrize(
    ("case", "change", "message"),
    [
        (CASE, {"period": None}, "write period as an object"),
        (CASE, {"period": [14]}, "write period as an object"),
        (CASE, {"event": 20240301}, "write event as text"),
        (
            CASE,
            {"event": "1 March"},
            "event is '1 March': write a date or a time, as in 2024-03-01 or 2024-03-01T09:30",
        ),
        (INSTANT, {"zone": "Tokyo"}, "zone is 'Tokyo': write the name of a time zone, as in Asia/Tokyo"),
        (INSTANT, {"zone": "../Tokyo"}, "zone is '../Tokyo': write the name of a time zone, as in Asia/Tokyo"),
        (INSTANT, {"zone": "Asia"}, "zone is 'Asia': write the name of a time zone, as in Asia/Tokyo"),
        (CASE, {"error": "PeriodError"}, f"write one answer, as {' or '.join(ANSWERS)}"),
        (REFUSED, {"action": "PAUSE"}, f"action is 'PAUSE': write one of {', '.join(Action)}"),
        (REFUSED, {"actor": None}, "write actor as text"),
        (REFUSED, {"actor": "CUSTOMER"}, "actor is 'CUSTOMER': write one of CONTRACTOR, OPERATOR, SYSTEM"),
        (
            REFUSED,
            {"now": "2024-03-01T00:00:00"},
            "now is '2024-03-01T00:00:00': write an instant with its UTC offset, as in 2024-03-01T09:30:00+09:00",
        ),
        (REFUSED, {"policy": "mine"}, "write policy as an object"),
        (REFUSED, {"policy": {**POLICY, "zone": 9}}, "policy: zone: 9: write text"),
        (STANDING, {"facts": {**ACTIVE, "version": 0}}, "facts.version is 0: write a whole number of 1 or more"),
    ],
)
def test_what_is_not_a_case_fails(case: Mapping[str, object], change: dict[str, object], message: str) -> None:
    assert difference(case, **change) == f"not a case: {message}"


def test_a_case_needs_an_answer() -> None:
    unanswered = {key: value for key, value in CASE.items() if key != "last_day"}
    (mismatch,) = mismatches([unanswered])
    assert mismatch.difference.startswith("not a case: write one answer, as last_day or ends_at or ")


def test_a_case_without_an_id_is_named_by_its_place() -> None:
    unnamed = {**ERROR, "error": "DateOutOfRange", "period": PERIOD}
    del unnamed["id"]
    assert mismatches([CASE, unnamed, "no case"]) == [
        Mismatch("case 2", "last_day 2024-03-15, expected error DateOutOfRange"),
        Mismatch("case 3", "not a case: write a case as an object"),
    ]


def test_an_id_need_not_be_text() -> None:
    assert difference(id=7, last_day="2024-03-14").startswith("last_day")


def test_the_shipped_cases_have_names_of_their_own() -> None:
    names = [case["id"] for case in shipped_cases() if isinstance(case, dict)]
    assert len(names) == len(set(names)) > 0


def test_the_shipped_cases_hold() -> None:
    assert mismatches(shipped_cases()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "not a list of cases"),
        ('{"cases": {}}', "not a list of cases"),
        ("1", "not a list of cases"),
        ("[", "not JSON"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_list_of_cases_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        read_cases(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just("2024-03-01T00:00:00Z"),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from([*PERIOD, *POLICY, *ACTIVE]), each),
    max_leaves=5,
)


@given(st.sampled_from([*CASES.values()]), st.data(), JSON)
def test_nothing_that_a_case_contains_raises_an_error(
    case: Mapping[str, object], data: st.DataObject, junk: object
) -> None:
    key = data.draw(st.sampled_from([*case]))
    text = json.dumps({"cases": [{**case, key: junk}, junk], "facts": junk, "policies": junk})
    assert len(mismatches(read_cases(text))) >= 1


# ---------------------------------------------------------------- files


def test_a_file_may_name_its_policies_and_facts() -> None:
    named = {
        "policies": {"terms": POLICY},
        "facts": {"active": ACTIVE},
        "cases": [
            REFUSED | {"policy": "terms", "facts": "active"},
            GRANTED | {"facts": "active", "decision": {"outcome": "granted", "facts": "active", "effects": []}},
            STANDING | {"facts": "active"},
            STANDING | {"facts": "another"},
        ],
    }
    assert mismatches(read_cases(json.dumps(named))) == [
        Mismatch(
            "A1",
            "not a case: facts is 'another': write an object with status, version, applications, application, "
            "service_ended, erasure_held",
        )
    ]


def test_a_published_date_may_leave_out_until_when_holidays_are_known() -> None:
    rolls = {**PERIOD, "roll": "forward", "holidays": ["2024-03-15"]}
    published = CASE | {"period": rolls, "last_day": "2024-03-16"}
    assert mismatches(read_cases(json.dumps([published]))) == []
    known = CASE | {"period": rolls | {"holidays_until": "2024-03-16"}, "last_day": "2024-03-16"}
    before = known | {"event": "2023-03-01"}
    found = mismatches(read_cases(json.dumps([known, before])))
    assert len(found) == 2
    for mismatch in found:
        assert mismatch.difference.startswith("error HolidaysUnknown")


def test_a_period_that_is_refused_is_read_as_it_is_written() -> None:
    refused = ERROR | {"period": {**PERIOD, "roll": "forward", "holidays": ["2024-03-15"]}}
    assert mismatches(read_cases(json.dumps([refused]))) == []


def test_every_shipped_file_is_read() -> None:
    names = [file.name for file in (PACKAGE / "vectors").iterdir()]
    assert {name for name in names if name.endswith(".json")} == set(VECTORS)


def test_the_vectors_of_decisions_are_those_that_would_be_written() -> None:
    assert decision_vectors.FILE.read_text(encoding="utf-8") == decision_vectors.text()


def test_every_status_action_and_actor_has_a_vector() -> None:
    asked = {
        (case["facts"]["status"], case["action"], case["actor"])
        for case in shipped_cases()
        if isinstance(case, dict) and "action" in case
    }
    assert asked == set(product(Status, Action, Actor))


def schema(name: str) -> dict[str, Any]:
    text = (PACKAGE / "schemas" / name).read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


FACTS_SCHEMA = "contract-facts-1.json"
VALIDATOR = jsonschema_rs.Draft202012Validator(
    schema("contract-vectors-1.json"),
    validate_formats=True,
    registry=jsonschema_rs.Registry([(f"json-schema:///{FACTS_SCHEMA}", schema(FACTS_SCHEMA))]),
)


@pytest.mark.parametrize("name", VECTORS)
def test_shipped_files_follow_their_schema(name: str) -> None:
    document = json.loads((PACKAGE / "vectors" / name).read_text(encoding="utf-8"))
    assert [str(error) for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_schema_knows_each_kind_of_answer(case: Mapping[str, object]) -> None:
    assert VALIDATOR.is_valid([case])
    for key in case:
        assert not VALIDATOR.is_valid([{other: value for other, value in case.items() if other != key}])
        if key != "id":
            assert not VALIDATOR.is_valid([{**case, key: 7}])


def test_the_schema_knows_the_errors_and_answers_of_the_package() -> None:
    definitions = schema("contract-vectors-1.json")["$defs"]
    assert [each["$ref"].rpartition("/")[2] for each in definitions["case"]["oneOf"]] == [*ANSWERS]
    assert definitions["standing"]["properties"]["standing"]["properties"]["phase"]["enum"] == [*Phase]
    shipped = {case["error"] for case in shipped_cases() if isinstance(case, dict) and "error" in case}
    assert shipped == set(definitions["error"]["properties"]["error"]["enum"])
