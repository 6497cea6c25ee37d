"""A receipt number is read as people write it, and every slip of one character or of two neighbours is detected."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.server.workbench import sql

from contract_server.contracts.lookup.receipt_numbers import (
    LENGTH,
    format_receipt_number,
    new_receipt_number,
    parse_receipt_number,
)
from contract_server.crockford import ALPHABET

NUMBERS = st.builds(new_receipt_number)
PLACES = range(LENGTH)


def test_the_alphabet_is_crockfords() -> None:
    assert (len(ALPHABET), set("ABCDEFGHIJKLMNOPQRSTUVWXYZ") - set(ALPHABET)) == (32, set("ILOU"))


@given(NUMBERS)
def test_a_new_number_is_read_as_it_is_shown(number: str) -> None:
    shown = format_receipt_number(number)
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", shown)
    assert parse_receipt_number(shown) == number


@given(NUMBERS)
def test_case_hyphens_and_letters_that_look_like_digits_do_not_matter(number: str) -> None:
    written = number.replace("0", "o").replace("1", "l", 1).replace("1", "I")
    for typed in (number.lower(), written, f"  {written[:6]} {written[6:]}-", "-".join(written)):
        assert parse_receipt_number(typed) == number


@given(NUMBERS)
def test_every_wrong_character_is_detected(number: str) -> None:
    for place in PLACES:
        for wrong in set(ALPHABET) - {number[place]}:
            assert parse_receipt_number(number[:place] + wrong + number[place + 1 :]) is None


@given(NUMBERS)
def test_every_swap_of_neighbours_is_detected(number: str) -> None:
    for one, other in pairwise(PLACES):
        swapped = number[:one] + number[other] + number[one] + number[other + 1 :]
        assert (parse_receipt_number(swapped) is None) == (number[one] != number[other])


@pytest.mark.parametrize(
    "text", ["", "-", "K7M29QX4TN3", "K7M29QX4TN3WW", "U7M2-9QX4-TN3W", "株式会社", "\0" * 12, "１" * 12]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert parse_receipt_number(text) is None


def test_the_number_of_the_manual_is_one() -> None:
    assert parse_receipt_number("K7M2-9QX4-TN3W") == "K7M29QX4TN3W"


@pytest.mark.usefixtures("bench")
async def test_the_database_makes_numbers_for_servers_of_the_version_before() -> None:
    rows = await sql("SELECT new_receipt_number() AS number FROM generate_series(1, 500)")
    numbers = [row["number"] for row in rows]
    assert [parse_receipt_number(number) for number in numbers] == numbers
    assert len(set(numbers)) == 500
    assert {character for number in numbers for character in number} == set(ALPHABET)
