import pytest

from contract_rules.conformance import Mismatch, mismatches

PERIOD = {"unit": "day", "count": 14}
CASE = {"id": "A1", "event": "2024-03-01", "period": PERIOD, "last_day": "2024-03-15"}


def difference(**change: object) -> str:
    """What is found wrong with the case, so changed."""
    (mismatch,) = mismatches([{**CASE, **change}])
    assert mismatch.case == str(change.get("id", "A1"))
    return mismatch.difference


def test_a_case_that_holds_is_no_mismatch_and_its_other_keys_are_ignored() -> None:
    assert mismatches([CASE, {**CASE, "source": "anywhere", "note": None, "expected": "2024-01-01"}]) == []


def test_another_date_is_a_mismatch() -> None:
    assert difference(last_day="2024-03-14") == "last day 2024-03-15, expected 2024-03-14"


@pytest.mark.parametrize(
    "event", ["2024-03-01", "2024-03-01T23:59:59", "2024-03-01T00:00:00+09:00", "2024-03-01T00:00:00Z"]
)
def test_an_event_may_have_a_time_and_an_offset(event: str) -> None:
    assert mismatches([{**CASE, "event": event}]) == []


@pytest.mark.parametrize(
    ("period", "message"),
    [
        ({"unit": "day"}, "the period is refused: count is missing"),
        ({"unit": "day", "count": 0}, "the period is refused: count is 0"),
        ({"unit": "day", "count": 14, "until": "noon"}, "the period is refused: 'until' is not a key of a period"),
        ({"unit": "day", "count": 10**9}, "1000000000 days forward from 2024-03-01 end outside the years 1 to 9999"),
        (None, "not a case: write period as an object"),
        ([14], "not a case: write period as an object"),
    ],
)
def test_a_period_that_cannot_be_counted_fails_its_case(period: object, message: str) -> None:
    assert difference(period=period).startswith(message)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("event", 20240301, "not a case: write event as text"),
        ("event", "1 March", "not a case: Invalid isoformat string: '1 March'"),
        ("last_day", None, "not a case: write last_day as text"),
        ("last_day", "2024-02-30", "not a case: day is out of range for month"),
    ],
)
def test_what_is_not_a_case_fails(key: str, value: object, message: str) -> None:
    assert difference(**{key: value}) == message


def test_a_case_without_an_id_is_named_by_its_place() -> None:
    unnamed = {"event": "2024-03-01", "period": PERIOD, "last_day": "2024-03-14"}
    assert mismatches([CASE, unnamed, "no case"]) == [
        Mismatch("case 2", "last day 2024-03-15, expected 2024-03-14"),
        Mismatch("case 3", "not a case: write an object with event, period and last_day"),
    ]


def test_an_id_need_not_be_text() -> None:
    assert difference(id=7, last_day="2024-03-14").startswith("last day")
