"""A value is what its field takes, or its fault is named without quoting it."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from tests.addresses import ADDRESSES, REFUSED, Written

from contract_server.accounts.passwords.hasher import HASH_PREFIX
from contract_server.onboarding import checks
from contract_server.onboarding.checks import Checks, Fault
from contract_server.onboarding.lines import Kind, Line
from contract_server.visible_text import InvalidValue

TODAY = date(2024, 4, 16)
ID = "018f0000-0000-7000-8000-000000000001"
CONTRACT: dict[str, object] = {
    "record": "contract",
    "contract_id": ID,
    "started_on": "2024/4/1",
    "company_name": "株式会社あおぞら",
    "company_address": "東京都千代田区1-2-3",
    "postal_code": "060-0001",
    "phone_number": "+81 3 0000 0001",
    "name": "青木　春子",
    "email": " Haruko@Example.JP",
}


def checked(**changes: object) -> tuple[dict[str, Any], list[Fault]]:
    return Checks(TODAY).contract(Line(1, Kind.CONTRACT, CONTRACT | changes))


def test_the_values_of_a_contract_are_parsed() -> None:
    values, faults = checked()
    assert faults == []
    assert (values["contract_id"], values["started_on"]) == (UUID(ID), date(2024, 4, 1))
    assert values["email"] == "haruko@example.jp"
    assert "password_hash" not in values


def test_every_fault_of_a_line_is_named() -> None:
    _, faults = checked(contract_id="1", name="", email="nobody", shoe_size="27")
    assert [fault.field for fault in faults] == ["shoe_size", "contract_id", "name", "email"]


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.text)
def test_a_contractor_has_an_address_that_can_be_written_to(address: Written) -> None:
    values, faults = checked(email=address.text)
    assert values.get("email") == address.registered
    assert [fault.field for fault in faults] == ["email"] * (address.registered is None)


@pytest.mark.parametrize("address", REFUSED, ids=lambda address: address.text)
def test_a_fault_of_an_address_says_what_to_write_instead(address: Written) -> None:
    _, (fault,) = checked(email=address.text)
    assert fault.reason.endswith(f"; write {address.spelling}" if address.spelling else fault.reason)
    assert address.text not in fault.reason


def test_a_member_needs_a_name_and_an_address_alone() -> None:
    record: dict[str, object] = {"record": "member", "contract_id": "?", "name": "佐藤 蓮", "email": "REN@example.jp"}
    assert Checks(TODAY).member(Line(1, Kind.MEMBER, record)) == ({"name": "佐藤 蓮", "email": "REN@example.jp"}, [])
    _, faults = Checks(TODAY).member(Line(1, Kind.MEMBER, record | {"postal_code": "100-0005"}))
    assert [fault.field for fault in faults] == ["postal_code"]


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.text)
def test_the_address_of_a_member_is_taken_as_given(address: Written) -> None:
    record: dict[str, object] = {"record": "member", "contract_id": "?", "name": "佐藤 蓮", "email": address.text}
    assert Checks(TODAY).member(Line(1, Kind.MEMBER, record)) == ({"name": "佐藤 蓮", "email": address.text}, [])


@pytest.mark.parametrize("value", [None, "", 1, ["x"], "\ufffd", "#REF!", "1.2E+05", "#####"])
def test_a_value_that_is_missing_or_lost_is_a_fault(value: object) -> None:
    _, faults = checked(company_name=value)
    assert [fault.field for fault in faults] == ["company_name"]


@pytest.mark.parametrize("value", ["カナリア\u200b", "カナリア" * 100, "カナリア\nカナリア", "カナリア\ue000"])
def test_a_fault_does_not_quote_the_value(value: str) -> None:
    _, (fault,) = checked(name=value)
    assert "カナリア" not in fault.reason


def test_the_name_of_an_unknown_field_is_shown_in_part_and_visibly() -> None:
    _, (fault,) = checked(**{"\0" + "x" * 100: "27"})
    assert fault.field == r"\u0000" + "x" * 39


@pytest.mark.parametrize("day", ["1900-01-01", "2024-04-16", "2024/04/16"])
def test_the_days_from_the_earliest_up_to_today_are_taken(day: str) -> None:
    assert checks.past_day(day, TODAY) <= TODAY


@pytest.mark.parametrize("day", ["1899-12-31", "2024-04-17", "2024-02-30", "2024-4/1", "45017", "16.04.2024"])
def test_any_other_day_is_refused(day: str) -> None:
    with pytest.raises(InvalidValue, match="expected a day"):
        checks.past_day(day, TODAY)


@pytest.mark.parametrize(
    ("check", "whole", "damaged"),
    [
        (checks.postal_code, "0600001", "600001"),
        (checks.postal_code, "〒060-0001", "6,000,001"),
        (checks.phone_number, "0312345678", "312345678"),
        (checks.phone_number, "(03)1234-5678", "=0312345678"),
        (checks.company_address, "札幌市1月1日ビル", "1月2日"),
    ],
)
def test_a_number_that_lost_its_zeros_or_became_a_date_is_refused(check: Any, whole: str, damaged: str) -> None:  # noqa: ANN401 - a check
    assert check(whole) == whole
    with pytest.raises(InvalidValue):
        check(damaged)


@pytest.mark.parametrize(
    ("hash_", "fits"),
    [
        (f"{HASH_PREFIX}QGVsbG8gd29ybGQ${'A' * 43}", True),
        (f"{HASH_PREFIX}QGVsbG8gd29ybGQ${'A' * 41}", False),
        (f"{HASH_PREFIX.replace('t=2', 't=3')}QGVsbG8gd29ybGQ${'A' * 43}", False),
        ("secret", False),
    ],
)
def test_a_hash_must_cost_as_much_as_ours(hash_: str, fits: bool) -> None:
    _, faults = checked(password_hash=hash_)
    assert (faults == []) is fits
