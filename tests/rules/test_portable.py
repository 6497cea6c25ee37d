"""Facts, timelines and decisions travel as JSON: what is written reads back equal, and what else is read is refused."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.examples import ACTIVE, APPLIED, ENDED, ERASED, ERASURE, HELD, POLICY, SERVICE_END, TERMINATED, at

from contract_rules import (
    Action,
    Actor,
    Application,
    Decision,
    Facts,
    FactsError,
    Granted,
    Refused,
    Timeline,
    decide,
    decision_from_json,
    facts_from_json,
    facts_of,
    timeline_from_json,
    to_json,
)
from contract_rules.portable import schema

SHIPPED = json.loads((resources.files("contract_rules") / "schemas" / "contract-facts-1.json").read_text("utf-8"))
VALIDATOR = jsonschema_rs.Draft202012Validator(SHIPPED, validate_formats=True)
Json = dict[str, Any]
CONTRACTS = {"active": ACTIVE, "terminated": TERMINATED, "ended": ENDED, "held": HELD, "erased": ERASED}
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
ZONES = st.sampled_from([UTC, ZoneInfo("Asia/Tokyo"), ZoneInfo("America/Sao_Paulo"), ZoneInfo("Australia/Lord_Howe")])
INSTANTS = st.datetimes(datetime(1850, 1, 1), datetime(9990, 1, 1), timezones=OFFSETS | ZONES)  # noqa: DTZ001  # bounds


def decisions(now: datetime) -> Iterator[Decision]:
    """Every kind of decision on every contract."""
    for facts in CONTRACTS.values():
        for action in Action:
            for actor in Actor:
                yield decide(POLICY, facts, action, actor, now)


# ---------------------------------------------------------------- there and back


@pytest.mark.parametrize("facts", CONTRACTS.values(), ids=CONTRACTS)
def test_facts_read_back_as_they_were(facts: Facts) -> None:
    assert facts_from_json(to_json(facts)) == facts
    assert facts_from_json(to_json(facts).encode()) == facts


@pytest.mark.parametrize("now", [APPLIED, SERVICE_END, ERASURE], ids=str)
def test_decisions_read_back_as_they_were(now: datetime) -> None:
    outcomes = {type(decision) for decision in decisions(now)}
    assert outcomes == {Granted, Refused}
    for decision in decisions(now):
        assert decision_from_json(to_json(decision)) == decision


@given(requested_at=INSTANTS)
def test_an_instant_reads_back_to_the_microsecond_whatever_its_offset(requested_at: datetime) -> None:
    written = Application(1, requested_at, POLICY.timeline(requested_at))
    facts = Facts(TERMINATED.status, 2, 1, written, service_ended=False, erasure_held=False)
    read = facts_from_json(to_json(facts))
    assert read.application is not None
    assert read.application.requested_at.astimezone(UTC) == requested_at.astimezone(UTC)
    assert read.application.timeline == written.timeline
    assert to_json(read) == to_json(facts)
    assert VALIDATOR.is_valid(json.loads(to_json(facts)))


@given(name=st.text(), version=st.text(), zone=st.sampled_from(["Asia/Tokyo", "UTC", "America/New_York"]))
def test_a_timeline_reads_back_with_the_name_and_version_of_its_policy(name: str, version: str, zone: str) -> None:
    zoned = replace(POLICY, zone=ZoneInfo(zone)).timeline(APPLIED)
    timeline = zoned._replace(policy_name=name, policy_version=version)
    assert timeline_from_json(to_json(timeline)) == timeline


@pytest.fixture
def in_tokyo() -> Iterator[None]:
    """A system whose own zone is not UTC."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_an_offset_with_seconds_is_written_in_utc() -> None:
    before_standard_time = at("1880-01-01T00:00")
    facts = facts_of(TERMINATED.status, POLICY, before_standard_time)
    assert '"requested_at": "1879-12-31T14:41:01+00:00"' in to_json(facts)


def test_the_format_is_stable() -> None:
    assert json.loads(to_json(decide(POLICY, ACTIVE, Action.TERMINATE, Actor.CONTRACTOR, APPLIED))) == {
        "format": "contract-facts/1",
        "decision": {
            "outcome": "granted",
            "facts": {
                "status": "TERMINATED",
                "version": 2,
                "applications": 1,
                "application": {
                    "number": 1,
                    "requested_at": "2024-03-01T09:30:00+09:00",
                    "timeline": {
                        "requested_on": "2024-03-01",
                        "policy_name": "omakase-login",
                        "policy_version": "1.0",
                        "zone": "Asia/Tokyo",
                        "service_end": {"last_day": "2024-03-15", "at": "2024-03-16T00:00:00+09:00"},
                        "resumption": {"last_day": "2024-03-15", "at": "2024-03-16T00:00:00+09:00"},
                        "erasure": {"last_day": "2024-04-15", "at": "2024-04-16T00:00:00+09:00"},
                    },
                },
                "service_ended": False,
                "erasure_held": False,
            },
            "effects": [
                {
                    "effect": "record_event",
                    "type": "TERMINATION_REQUESTED",
                    "at": "2024-03-01T09:30:00+09:00",
                    "actor": "CONTRACTOR",
                    "application_number": 1,
                },
                {"effect": "send_mail", "kind": "TERMINATION_ACCEPTED"},
            ],
        },
    }


def test_a_refusal_is_written_with_the_dates_that_were_promised() -> None:
    refused = json.loads(to_json(decide(POLICY, ACTIVE, Action.RESUME, Actor.CONTRACTOR, APPLIED)))["decision"]
    assert refused == {
        "outcome": "refused",
        "reason": "NOT_TERMINATED",
        "action": "RESUME",
        "actor": "CONTRACTOR",
        "at": "2024-03-01T09:30:00+09:00",
        "timeline": None,
    }


@pytest.mark.parametrize(
    "thing", [None, "facts", POLICY, TERMINATED.application, {}], ids=lambda thing: type(thing).__name__
)
def test_what_has_no_json_is_named(thing: object) -> None:
    message = f"^a {type(thing).__name__} has no JSON here: write Facts, a Timeline or a Decision$"
    with pytest.raises(ValueError, match=message):
        to_json(thing)  # type: ignore[arg-type]  # the mistake


# ---------------------------------------------------------------- the schema


def test_the_schema_in_the_package_is_that_of_the_table() -> None:
    assert schema() == SHIPPED
    jsonschema_rs.meta.validate(SHIPPED)


@pytest.mark.parametrize("now", [APPLIED, SERVICE_END, ERASURE], ids=str)
def test_what_is_written_is_valid_under_the_schema(now: datetime) -> None:
    written = [*CONTRACTS.values(), POLICY.timeline(APPLIED), *decisions(now)]
    assert [each for each in written if not VALIDATOR.is_valid(json.loads(to_json(each)))] == []


# ---------------------------------------------------------------- what is not of the format


READERS: dict[str, Callable[[str], Facts | Timeline | Decision]] = {
    "facts": facts_from_json,
    "timeline": timeline_from_json,
    "decision": decision_from_json,
}
GRANTED = decide(POLICY, TERMINATED, Action.RESUME, Actor.CONTRACTOR, SERVICE_END - timedelta(days=1))
REFUSED = decide(POLICY, TERMINATED, Action.RESUME, Actor.CONTRACTOR, SERVICE_END)
DOCUMENTS = [json.loads(to_json(each)) for each in (HELD, POLICY.timeline(APPLIED), GRANTED, REFUSED)]


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all values within one of JSON."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from places(each, (*path, key))


def value_at(value: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401  # any of JSON
    """What stands there."""
    for key in path:
        value = value[key]
    return value


def changed(document: Json, path: tuple[str | int, ...], change: Callable[[Any, Any], object]) -> Json:
    """A copy in which what holds the path's last key is changed."""
    copied: Json = json.loads(json.dumps(document))
    change(value_at(copied, path[:-1]), path[-1])
    return copied


def with_value(document: Json, path: tuple[str | int, ...], value: object) -> Json:
    """A copy that has the value there."""
    return changed(document, path, lambda holder, key: holder.__setitem__(key, value))


def read(document: Json) -> Facts | Timeline | Decision:
    """By the reader for what the document holds."""
    (content,) = document.keys() & READERS.keys() or {"facts"}
    return READERS[content](json.dumps(document))


def named(path: tuple[str | int, ...]) -> str:
    """The path as errors write it."""
    return re.sub(r"\.(\[)", r"\1", ".".join(f"[{key}]" if isinstance(key, int) else key for key in path))


WRONG: list[object] = [None, True, -1, 1.5, "", "x", "2024-02-30", "2024-03-01T09:30", [], {}, [[]], {"x": 1}]
PLACES = [(document, path) for document in DOCUMENTS for path in places(document)]
IDS = [f"{number}-{named(path)}" for number, (_, path) in enumerate(PLACES)]


@pytest.mark.parametrize(("document", "path"), PLACES, ids=IDS)
def test_a_value_of_another_kind_is_refused_by_reader_and_schema_alike(
    document: Json, path: tuple[str | int, ...]
) -> None:
    for value in WRONG:
        wrong = with_value(document, path, value)
        if VALIDATOR.is_valid(wrong):
            continue
        with pytest.raises(FactsError, match=r": write ") as error:
            read(wrong)
        assert str(error.value).startswith(named(path))


AN_INSTANT = "an instant with its UTC offset and at most microseconds, as in 2024-03-01T09:30:00+09:00"
A_DEADLINE = "an object with last_day, at"
TO_WRITE = {
    "facts": "an object with status, version, applications, application, service_ended, erasure_held",
    "status": "one of ACTIVE, TERMINATED, ERASED",
    "version": "a whole number of 1 or more",
    "applications": "a whole number of 0 or more",
    "application": "an object with number, requested_at, timeline",
    "number": "a whole number of 1 or more",
    "requested_at": AN_INSTANT,
    "timeline": ("an object with requested_on, policy_name, policy_version, zone, service_end, resumption, erasure"),
    "requested_on": "a date, as in 2024-03-01",
    "policy_name": "text",
    "policy_version": "text",
    "zone": "the name of a time zone, as in Asia/Tokyo, or install tzdata",
    "service_end": A_DEADLINE,
    "resumption": A_DEADLINE,
    "erasure": A_DEADLINE,
    "last_day": "a date, as in 2024-03-01",
    "at": AN_INSTANT,
    "service_ended": "true or false",
    "erasure_held": "true or false",
    "decision": "an object whose outcome is granted or refused",
    "outcome": "granted or refused",
    "effects": "a list, each an object whose effect is record_event or send_mail",
    0: "an object whose effect is record_event or send_mail",
    1: "an object whose effect is record_event or send_mail",
    "effect": "record_event or send_mail",
    "type": (
        "one of STARTED, TERMINATION_REQUESTED, RESUMED, SERVICE_ENDED, ERASURE_HELD, ERASURE_HOLD_RELEASED, ERASED, "
        "REGISTRATION_CHANGED, MEMBERS_REMOVED, ERASURE_DUE"
    ),
    "actor": "one of CONTRACTOR, OPERATOR, SYSTEM",
    "application_number": "a whole number of 1 or more",
    "kind": "one of TERMINATION_ACCEPTED, RESUMPTION_ACCEPTED",
    "reason": (
        "one of ALREADY_TERMINATED, NOT_TERMINATED, RESUME_WINDOW_CLOSED, CONTRACT_ERASED, NOT_DUE_YET, "
        "SERVICE_END_RECORDED, ERASURE_ON_HOLD, ACTOR_NOT_PERMITTED, DATE_OUT_OF_RANGE"
    ),
    "action": "one of TERMINATE, RESUME, END_SERVICE, HOLD_ERASURE, RELEASE_ERASURE_HOLD, ERASE",
}
"""What belongs under each key of the format."""
OR_NULL = {
    "facts.application",
    "decision.facts.application",
    "decision.timeline",
    "decision.effects[0].application_number",
}


@pytest.mark.parametrize(("document", "path"), PLACES, ids=IDS)
def test_an_error_says_what_belongs_in_its_place(document: Json, path: tuple[str | int, ...]) -> None:
    if path == ("format",):
        return
    with pytest.raises(FactsError) as error:
        read(with_value(document, path, 1.5))
    assert str(error.value) == f"{named(path)} is 1.5: write {TO_WRITE[path[-1]]}"


@pytest.mark.parametrize(("document", "path"), PLACES, ids=IDS)
def test_a_missing_key_is_named_with_what_to_write(document: Json, path: tuple[str | int, ...]) -> None:
    wrong = changed(document, path, lambda holder, key: isinstance(holder, dict) and holder.pop(key))
    if wrong == document:
        return
    assert not VALIDATOR.is_valid(wrong)
    to_write = TO_WRITE.get(path[-1], "") + (", or null" if named(path) in OR_NULL else "")
    missing = rf"^{re.escape(named(path))} is (missing|None): write {re.escape(to_write)}$"
    with pytest.raises(FactsError, match=rf"{missing}|^the document has |^format: write "):
        read(wrong)


@pytest.mark.parametrize(("document", "path"), PLACES, ids=IDS)
def test_a_key_too_many_is_refused(document: Json, path: tuple[str | int, ...]) -> None:
    wrong = changed(document, (*path, "more"), lambda holder, key: isinstance(holder, dict) and holder.update({key: 1}))
    if wrong == document:
        return
    assert not VALIDATOR.is_valid(wrong)
    keys = ", ".join(value_at(document, path))
    with pytest.raises(FactsError) as error:
        read(wrong)
    assert str(error.value) == f"{named(path)} has 'more', which is no key of the format: write an object with {keys}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON: "),
        ("[" * 100_000, "not JSON: "),
        ("9" * 5_000, "not JSON: "),
        (b"\xff", "not JSON: "),
        (
            '{"format": "contract-facts/1", "format": "contract-facts/1"}',
            "not JSON: a key is written twice: write it once",
        ),
        ("[]", 'format: write {"format": "contract-facts/1", "facts": ...}'),
        ('{"format": "contract-facts/2", "facts": {}}', 'format: write {"format": "contract-facts/1", "facts": ...}'),
        (
            '{"format": "contract-facts/1", "timeline": {}}',
            "the document has format, timeline: write format and facts, and nothing else",
        ),
        ({"format": "contract-facts/1"}, "a dict is not JSON text: write what json.dumps makes of it"),
        (None, "a NoneType is not JSON text: write what json.dumps makes of it"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_document_of_another_kind_is_refused(text: object, message: str) -> None:
    with pytest.raises(FactsError, match=f"^{re.escape(message)}"):
        facts_from_json(text)  # type: ignore[arg-type]  # what may be read by mistake


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("application", "timeline", "service_end", "at"),
            "2024-03-16T00:00:00Z",
            (
                "facts.application.timeline: service_end: 2024-03-15 ends at 2024-03-16T00:00:00+09:00 in Asia/Tokyo, "
                "not at 2024-03-16T00:00:00+00:00: write the first instant after that day there"
            ),
        ),
        (
            ("application", "timeline", "service_end", "at"),
            "2024-03-15T12:00:01Z",
            (
                "facts.application.timeline.service_end: 2024-03-15 does not end at 2024-03-15T12:00:01+00:00 in any "
                "zone: write the first instant after that day"
            ),
        ),
        (
            ("application", "timeline", "zone"),
            "Asia/Edo",
            (
                "facts.application.timeline.zone is 'Asia/Edo': write the name of a time zone, as in Asia/Tokyo, or "
                "install tzdata"
            ),
        ),
        (
            ("application", "requested_at"),
            "2024-03-01T09:30:00.1234567+09:00",
            (
                "facts.application.requested_at is '2024-03-01T09:30:00.1234567+09:00': write an instant with its UTC "
                "offset and at most microseconds, as in 2024-03-01T09:30:00+09:00"
            ),
        ),
        (("version",), -(10**3_000), f"facts.version is -{10**58}: write a whole number of 1 or more"),
        (
            ("applications",),
            2,
            (
                "facts: applications is 2, and the application in force has number 1: write the number of the last one "
                "as both"
            ),
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_an_error_names_the_path_and_says_what_to_write(path: tuple[str, ...], value: object, message: str) -> None:
    wrong = with_value(DOCUMENTS[0], ("facts", *path), value)
    with pytest.raises(FactsError) as error:
        facts_from_json(json.dumps(wrong))
    assert str(error.value) == message
