"""However a file is damaged, each of its contracts is stored, refused or skipped, and only damaged ones are refused."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.operations.cli.import_files import contract, member, take, take_file

from contract_server.accounts.models import Account
from contract_server.contracts.models import Company, Contract, Member
from contract_server.db.transaction import current_connection
from contract_server.onboarding.lines import FIELDS, LONGEST_LINE, Encoding, Format
from contract_server.services import Services

HEADER = ",".join(FIELDS[:-1])


def row(values: dict[str, Any], names: list[str] | tuple[str, ...] = FIELDS[:-1]) -> str:
    """A line of CSV, as spreadsheets write it."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([values.get(name, "") for name in names])
    return out.getvalue()


A, B, C = (row(contract(number)) for number in (1, 2, 3))
ALONE: dict[str, list[str]] = {
    "total": ["合計,1"],
    "total in all columns": ["合計,1,,,,,,,"],
    "spaces": ["   "],
    "ideographic spaces": ["　　"],
    "empty cells": [",,,,,,,,"],
    "second header": [HEADER],
    "second header with a byte order mark": ["\ufeff" + HEADER],
    "end-of-file character": ["\x1a"],
    "remark": ["# 2024年4月,,"],
}
OF_B = {
    "line break in a cell": [B.replace("千代田区", '"千代田\n区"').replace('東京都"', '"東京都')],
    "line break without quotes": [B.replace("千代田", "千代\n田")],
    "one cell too many": [B + ",x"],
    "one cell too few": [B.replace("03-0000-0001,", "")],
    "unknown record": [B.replace("contract,", "契約,")],
    "quote never closed": [B.replace("東京都", '"東京都')],
    "quote closed too early": [B.replace("東京都", '"東"京都')],
    "line break in the last cell": [B.replace("@example.jp", "@e\nxample.jp")],
    "cut off": [B[:60]],
    "cut off within its id": [B[:20]],
    "cut off within its first word": [B[:4]],
    "only its members": [row(member(1, of=2)), row(member(2, of=2))],
    "its members after a line without sense": ["東京都千代田区,x@example.jp", row(member(1, of=2))],
}


async def outcomes_of(services: Services, lines: list[str]) -> list[str]:
    """What became of the contracts, in the order of the file."""
    _, _, outcomes = await take_file(services, "".join(f"{line}\r\n" for line in lines).encode())
    return [f"{each.line} {each.outcome}" for each in outcomes]


@pytest.mark.parametrize("lines", ALONE.values(), ids=ALONE)
async def test_a_line_that_is_part_of_no_contract_harms_none(services: Services, lines: list[str]) -> None:
    assert await outcomes_of(services, [HEADER, A, *lines, C]) == ["2 stored", "4 stored"]


@pytest.mark.parametrize("lines", OF_B.values(), ids=OF_B)
async def test_a_broken_line_concerns_its_own_contract_and_no_neighbour(services: Services, lines: list[str]) -> None:
    last = 3 + sum(1 + line.count("\n") for line in lines)
    assert await outcomes_of(services, [HEADER, A, *lines, C]) == ["2 stored", "3 refused", f"{last} stored"]


async def test_a_single_cell_may_be_the_end_of_the_line_above_or_the_beginning_of_the_line_below(
    services: Services,
) -> None:
    names = [*FIELDS[1:-1], "record"]
    first, second, third = (row(contract(number), names) for number in (1, 2, 3))
    lines = [",".join(names), first, "00000000", second, third]
    assert await outcomes_of(services, lines) == ["2 refused", "4 refused", "5 stored"]


async def test_lines_that_ran_together_concern_both_of_their_contracts(services: Services) -> None:
    lines = [HEADER, row(contract(9)), A + B, row(member(1, of=2)), C]
    assert await outcomes_of(services, lines) == ["2 stored", "3 refused", "3 refused", "5 stored"]


@pytest.mark.parametrize("end", ["", "\x1a"])
async def test_the_last_line_needs_no_line_end(services: Services, end: str) -> None:
    report, refusals, _ = await take_file(services, f"{HEADER}\n{A}{end}".encode())
    assert (report.contracts, refusals) == (1, [])


async def test_what_a_second_header_names_holds_for_the_lines_below_it(services: Services) -> None:
    turned = list(reversed(FIELDS))
    report, _, _ = await take_file(
        services, "\n".join([HEADER, A, ",".join(turned), row(contract(2), turned)]).encode()
    )
    assert report.contracts == 2


async def test_a_member_apart_from_its_contract_is_refused_with_it(services: Services) -> None:
    report, refusals = await take(
        services, member(1, of=1), contract(1), contract(2), contract(3), member(2, of=2), member(3, of=2), contract(4)
    )
    assert (report.contracts, report.refused_contracts) == (2, 2)
    apart = "expected the line of this contract directly above its members"
    assert refusals == [(1, "contract_id", apart), (5, "contract_id", apart)]


async def test_members_without_their_contracts_line_are_one_refused_contract(services: Services) -> None:
    report, refusals = await take(services, contract(1), member(1, of=2), contract(3), member(2, of=2))
    assert (report.contracts, report.refused_contracts, len(refusals)) == (2, 1, 2)


async def test_a_member_that_names_no_contract_is_the_contracts_above_it(services: Services) -> None:
    report, refusals = await take(services, contract(1), member(1, of=1, contract_id="?"), contract(2))
    assert (report.contracts, report.refused_contracts) == (1, 1)
    assert refusals == [(2, "contract_id", "expected the id of the contract above")]


@pytest.mark.parametrize(
    ("broken", "stored", "refused"),
    [
        (json.dumps(contract(2))[:-1], 2, 1),
        (json.dumps(contract(2)).replace("}", ",}"), 2, 1),
        (json.dumps(contract(2)) + ",", 2, 1),
        (json.dumps(contract(2)).replace("Contract", "x")[:14], 2, 1),
        (json.dumps([contract(2)]), 2, 1),
        (json.dumps(contract(2, record="person")), 2, 1),
        (json.dumps(contract(2, contract_id=2)), 2, 1),
        (json.dumps(member(1, of=1))[:14], 1, 1),
        ('{"record', 1, 1),
        ('{"total": 1}', 2, 0),
        ("1", 2, 0),
        ('"合計"', 2, 0),
        ("# 合計", 2, 0),
        ("x" * (2 * LONGEST_LINE), 2, 0),
    ],
)
async def test_a_broken_line_of_json_concerns_the_contract_that_is_legible_in_it_or_else_the_one_above(
    services: Services, broken: str, stored: int, refused: int
) -> None:
    report, refusals = await take(services, contract(1), broken, contract(3))
    assert (report.contracts, report.refused_contracts) == (stored, refused)
    assert refusals[0][0] == 2


async def test_a_broken_line_of_json_is_refused_with_the_place_where_it_breaks(services: Services) -> None:
    _, refusals = await take(services, '{"record": "contract",}')
    assert refusals == [(1, "", "expected one JSON object in one line; character 22: trailing comma is not allowed")]


async def test_an_open_quote_reaches_no_further_than_the_next_line_that_is_legible(services: Services) -> None:
    open_at = [B.replace("東京都", '"東京都'), "千代田区", "丸の内"]
    quoted = row(contract(4, name="青木, 春子"))
    lines = [HEADER, A, *open_at, C.replace("東京都", '"東京都'), quoted]
    assert await outcomes_of(services, lines) == ["2 stored", "3 refused", "6 refused", "7 stored"]


SPREADSHEET = "a spreadsheet"
DAMAGED = {
    "postal_code": [
        "600001",
        "6,000,001",
        "600001.0",
        "'0600001",
        '="060-0001"',
        "2001/2/3",
        "1月2日",
        "3-Jan",
        "Jan-03",
    ],
    "phone_number": ["312345678", "8.11E+11", "8E+11", "312345678.0", "=0312345678", "2001/2/3 0:00"],
    "company_address": ["#REF!", "2001/2/3", "1月2日"],
    "company_name": ["#NAME?", "#N/A", "1.2E+05", "#####"],
    "name": ["#VALUE!", "#DIV/0!"],
    "started_on": ["45017", "#####", "4.5E+4"],
    "email": ["#N/A"],
}
GENUINE = {
    "postal_code": ["0600001", "060-0001", "〒060-0001", "1000005"],
    "phone_number": ["0312345678", "03-1234-5678", "+81312345678", "(03)1234-5678", "81-3-1234-5678"],
    "company_address": ["東京都1-2-3", "札幌市1月1日ビル"],
    "company_name": ["109", "#1ラボ", "3E", "2001年"],
    "name": ["1", "青木　春子"],
    "started_on": ["2023/4/1"],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in DAMAGED.items() for value in values])
async def test_what_a_spreadsheet_spoilt_is_refused(services: Services, field: str, value: str) -> None:
    report, refusals = await take(services, contract(1, **{field: value}))
    assert (report.contracts, [(line, found) for line, found, _ in refusals]) == (0, [(1, field)])
    assert value not in refusals[0][2]


async def test_what_only_looks_like_it_is_stored(services: Services) -> None:
    genuine = [{field: value} for field, values in GENUINE.items() for value in values]
    report, refusals = await take(services, *(contract(number, **other) for number, other in enumerate(genuine)))
    assert (report.contracts, refusals) == (len(genuine), [])


@pytest.mark.parametrize(
    ("value", "encoding", "reason"),
    [
        ("株式会社\ue000本", "cp932", "character 5 is 外字 (U+E000): write another"),
        ("株式会社\ue000本", "utf-8", "character 5 is 外字 (U+E000): write another"),
        ("見本\xa0一ノ", "utf-8", "character 3 is another one (U+00A0 NO-BREAK SPACE): write a space"),
        ("見本\u200b一ノ", "utf-8", "character 3 cannot (U+200B ZERO WIDTH SPACE): leave it out"),
        ("見本\x1a一ノ", "utf-8", "character 3 cannot (U+001A): leave it out"),
        ("見本\u2028一ノ", "utf-8", "character 3 is a line break: write a space"),
    ],
)
async def test_a_character_that_cannot_be_seen_is_named_with_its_place_and_what_to_write(
    services: Services, value: str, encoding: str, reason: str
) -> None:
    content = f"{HEADER}\r\n{row(contract(1, company_name=value))}\r\n".encode(encoding)
    form = Encoding.UTF_8 if encoding == "utf-8" else Encoding.SHIFT_JIS
    _, (refusal,), _ = await take_file(services, content, encoding=form)
    assert (refusal.line, refusal.field) == (2, "company_name")
    assert reason in refusal.reason


async def test_a_contract_that_is_there_already_is_refused_for_its_faults_first(services: Services) -> None:
    await take(services, contract(1))
    report, refusals = await take(services, contract(1, name=""), contract(1))
    assert (report.refused_contracts, report.skipped_contracts) == (2, 0)
    assert [(line, field) for line, field, _ in refusals] == [(1, "name"), (2, "contract_id")]


# Random files with random damage.


@dataclass(frozen=True)
class Written:
    """A line of a file: of which contract, and its text, which damage may have put on several lines."""

    of: int
    text: str


Damage = Callable[[str, int], str]


def break_line(text: str, place: int) -> str:
    """A line break somewhere."""
    return f"{text[:place]}\n{text[place:]}"


def break_cell(text: str, place: int) -> str:
    """A line break within a value, in quotes."""
    if text.startswith("{"):
        return break_line(text, place)
    cells = next(csv.reader([text]))
    long = [number for number, cell in enumerate(cells) if len(cell) > 1]
    number = long[place % len(long)]
    cells[number] = f"{cells[number][:1]}\n{cells[number][1:]}"
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def cut(text: str, place: int) -> str:
    """The end is lost: not all of it, and more than the end of the last value, which leaves no trace."""
    least = next(place for place, letter in enumerate(text, 1) if letter not in ' ,"')
    return text[: max(min(place, len(text) - len("@example.jp") - 1), least)]


def add_cell(text: str, _: int) -> str:
    """One cell too many."""
    return f"{text},x"


def drop_comma(text: str, _: int) -> str:
    """Two values that ran together."""
    if text.startswith("{"):
        return text.replace(",", "", 1)
    return re.sub(r",(?=0{8}-)|(?<=\d{12}),", "", text, count=1)  # beside the id: elsewhere, it may be part of a value


def rename_record(text: str, _: int) -> str:
    """A record of another name."""
    return re.sub(r'(contract|member)(?=[",]|$)', "契約", text, count=1)


def open_quote(text: str, _: int) -> str:
    """A quote without its partner."""
    if text.startswith("{"):
        return text.replace('"', "", 1)
    return text.replace("-", '"-', 1) if text.startswith('"') else f'"{text}'


DAMAGES: tuple[Damage, ...] = (break_line, break_cell, cut, add_cell, drop_comma, rename_record, open_quote)
STRAY = ("合計,3", "   ", "\x1a", "# 合計,,")
NAMES = ("青木　春子", "佐藤, 蓮", 'O"Hara', "見本 一ノ")


@st.composite
def files(draw: st.DrawFn) -> tuple[list[list[dict[str, Any]]], Format, list[str], str]:
    """Contracts with their members, and how they are written."""
    name = st.sampled_from(NAMES)
    contracts = [
        [
            contract(number, name=draw(name)),
            *(member(n, of=number, name=draw(name)) for n in range(draw(st.integers(0, 2)))),
        ]
        for number in range(1, draw(st.integers(1, 4)) + 1)
    ]
    names = draw(st.permutations(FIELDS[:-1])) if draw(st.booleans()) else list(FIELDS[:-1])
    return contracts, draw(st.sampled_from(Format)), names, draw(st.sampled_from(["\n", "\r\n"]))


@settings(max_examples=200, derandomize=True, suppress_health_check=list(HealthCheck))
@given(file=files(), data=st.data())
async def test_whatever_is_damaged_every_contract_is_reported_and_untouched_ones_are_stored(
    services: Services, file: tuple[list[list[dict[str, Any]]], Format, list[str], str], data: st.DataObject
) -> None:
    contracts, form, names, end = file
    await current_connection().execute_script("TRUNCATE contract, account CASCADE")
    lines = [
        Written(number, json.dumps(each, ensure_ascii=False) if form is Format.JSONL else row(each, names))
        for number, records in enumerate(contracts, 1)
        for each in records
    ]
    head = [",".join(names)] if form is Format.CSV else []
    whole = end.join([*head, *(line.text for line in lines), ""])

    touched: set[int] = set()
    damaged_at: set[int] = data.draw(st.sets(st.integers(0, len(lines) - 1), max_size=3))
    for place in damaged_at:
        text = lines[place].text
        text = data.draw(st.sampled_from(DAMAGES))(text, data.draw(st.integers(1, len(text) - 1)))
        lines[place] = Written(lines[place].of, text)
        touched.add(lines[place].of)
        if not says_whose(text.split("\n")[0]):
            touched.add(lines[place].of - 1)  # it may be the end of the contract above
        if names[0] != "record" and not all("," in each for each in text.split("\n")):
            touched.add(lines[place].of + 1)  # a single cell may be the beginning of the line below
    joinable = [place for place in range(len(lines) - 1) if not {place, place + 1} & damaged_at]
    if data.draw(st.booleans()) and joinable:
        place = data.draw(st.sampled_from(joinable))
        first, second = lines[place : place + 2]
        lines[place : place + 2] = [Written(first.of, first.text + second.text)]
        touched |= {first.of, second.of}
    written = [line.text for line in lines]
    for stray in data.draw(st.lists(st.sampled_from(STRAY), max_size=2)):
        place = data.draw(st.integers(0, len(written)))
        if form is Format.JSONL or names[0] == "record":  # elsewhere, they may be the beginning of a member's line
            written.insert(place, stray)
    damaged = end.join([*head, *written, ""])

    _, _, outcomes = await take_file(services, damaged.encode(), form, batch=data.draw(st.integers(1, 9)))
    named = [each.contract_id for each in outcomes if each.contract_id]
    there = {str(UUID(int=number)) for number in range(1, len(contracts) + 1) if str(UUID(int=number)) in damaged}
    assert sorted(set(named)) == sorted(named), "no contract is named twice"
    assert set(named) == there
    assert len(outcomes) - len(named) <= len(contracts) - len(there)
    kept = {UUID(each.contract_id).int for each in outcomes if each.contract_id and each.outcome == "stored"}
    assert kept >= set(range(1, len(contracts) + 1)) - touched
    assert kept == {each.id.int for each in await Contract.all()}
    await assert_whole(contracts, kept)

    again, _, outcomes = await take_file(services, whole.encode(), form)
    assert (again.skipped_contracts, again.contracts, again.refused_contracts) == (
        len(kept),
        len(contracts) - len(kept),
        0,
    )
    await assert_whole(contracts, set(range(1, len(contracts) + 1)))


def says_whose(text: str) -> bool:
    """Whether a line still names its contract, or begins one."""
    return "00000000-0000-0000-0000-" in text or "contract," in text or '"contract"' in text or "member" in text


async def assert_whole(contracts: list[list[dict[str, Any]]], stored: set[int]) -> None:
    """Assert that these contracts are stored as they were before the damage, and no others."""
    expected = [records for number, records in enumerate(contracts, 1) if number in stored]
    assert sorted([(each.name, each.email) for each in await Account.all()]) == sorted(
        (records[0]["name"], records[0]["email"]) for records in expected
    )
    assert len(await Company.all()) == len(expected)
    assert sorted([(str(each.contract_id), each.name, each.email) for each in await Member.all()]) == sorted(
        (each["contract_id"], each["name"], each["email"]) for records in expected for each in records[1:]
    )
