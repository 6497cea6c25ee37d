"""Lines are read one by one, and a broken one still names the contracts that it mentions."""

import io
import json

import pytest

from contract_server.onboarding.lines import (
    FIELDS,
    LONGEST_LINE,
    BrokenLine,
    Encoding,
    Format,
    Kind,
    Line,
    Mention,
    UnreadableFile,
    read_lines,
)

ID, OTHER = "018f0000-0000-7000-8000-000000000001", "018f0000-0000-7000-8000-000000000002"
HEADER = ",".join(FIELDS[:-1])


def read(text: str, form: Format = Format.CSV, codec: str = "utf-8") -> list[Line | BrokenLine]:
    encoding = Encoding.SHIFT_JIS if codec == "cp932" else Encoding.UTF_8
    return list(read_lines(io.BytesIO(text.encode(codec)), form, encoding))


def csv_row(record: str, contract_id: str) -> str:
    return f"{record},{contract_id},2024-04-01,青空,東京都,100-0005,03-0000-0001,青木,a@example.jp,"


def json_row(**values: object) -> str:
    return json.dumps(values, ensure_ascii=False)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932"])
def test_both_formats_say_the_same_in_every_encoding(codec: str) -> None:
    (of_csv,) = read(f"{HEADER}\r\n{csv_row(' contract ', ID)}\r\n", codec=codec)
    assert isinstance(of_csv, Line)
    (of_json,) = read(json_row(**of_csv.record), Format.JSONL, codec)
    assert of_csv == (2, Kind.CONTRACT, of_csv.record)
    assert of_json == (1, Kind.CONTRACT, of_csv.record)
    assert (of_csv.record["record"], of_csv.record["company_name"]) == ("contract", "青空")


def test_empty_lines_are_counted_and_not_read() -> None:
    lines = read(f"{HEADER}\n\n ,,\n{csv_row('member', ID)}\n\x1a")
    assert [(line.number, isinstance(line, Line)) for line in lines] == [(4, True)]


@pytest.mark.parametrize("header", ["", "record,contract_id", HEADER + ",name", HEADER.replace("email", "mail")])
def test_a_csv_file_whose_first_line_does_not_name_the_fields_is_unreadable(header: str) -> None:
    with pytest.raises(UnreadableFile):
        read(header + "\n")


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        (json_row(record="contract", contract_id=ID)[:-1], [Mention(Kind.CONTRACT, ID)]),
        (json_row(record="member", contract_id=ID.upper()) + "}", [Mention(Kind.MEMBER, ID)]),
        (json_row(record="person", contract_id=ID), [Mention(None, ID)]),
        (2 * json_row(record="contract", contract_id=ID), 2 * [Mention(Kind.CONTRACT, ID)]),
        ('{"record": "mem', [Mention(Kind.MEMBER, None)]),
        ('{"name": "x@example.jp"', [Mention(None, None)]),
        ("# 合計", []),
        ('"x"', []),
    ],
)
def test_a_broken_line_of_json_mentions_what_is_readable(text: str, mentions: list[Mention]) -> None:
    (line,) = read(text, Format.JSONL)
    assert isinstance(line, BrokenLine)
    assert list(line.mentions) == mentions


def test_an_open_quote_ends_before_the_next_readable_line() -> None:
    broken = csv_row("contract", ID).replace("東京都", '"東京都')
    first, second = read("\n".join([HEADER, broken, "千代田区", csv_row("contract", OTHER)]))
    assert isinstance(first, BrokenLine)
    assert (first.number, first.mentions) == (2, (Mention(Kind.CONTRACT, ID),))
    assert isinstance(second, Line)
    assert (second.number, second.mention) == (4, Mention(Kind.CONTRACT, OTHER))


def test_a_quoted_cell_may_have_line_breaks() -> None:
    (line,) = read("\n".join([HEADER, csv_row("contract", ID).replace("東京都", '"東京都\n千代田区"')]))
    assert isinstance(line, Line)
    assert line.record["company_address"] == "東京都\n千代田区"


def test_a_later_header_holds_for_the_rows_below_it() -> None:
    turned = ",".join(reversed(FIELDS[:-1]))
    row = ",".join(reversed(csv_row("member", ID).split(",")))
    (line,) = read("\n".join([HEADER, turned, row]))
    assert isinstance(line, Line)
    assert line.mention == Mention(Kind.MEMBER, ID)


def test_a_line_is_read_up_to_its_longest_and_the_next_one_is_not_touched() -> None:
    first, second = read("x" * (3 * LONGEST_LINE) + "\n" + json_row(record="member"), Format.JSONL)
    assert (first.number, second.number) == (1, 2)
    assert isinstance(first, BrokenLine)
    assert isinstance(second, Line)


def test_bytes_of_another_encoding_become_replacement_characters() -> None:
    file = io.BytesIO('{"record":"member","name":"青"}'.encode("cp932"))
    (line,) = read_lines(file, Format.JSONL, Encoding.UTF_8)
    assert isinstance(line, Line)
    assert "\N{REPLACEMENT CHARACTER}" in str(line.record["name"])


@pytest.mark.parametrize("left_out", ["password_hash", "member_id"])
def test_a_header_may_leave_out_what_may_be_left_out(left_out: str) -> None:
    names = [name for name in FIELDS if name != left_out]
    row = ",".join("member" if name == "record" else name for name in names)
    (line,) = read_lines(io.BytesIO(f"{','.join(names)}\n{row}".encode()), Format.CSV, Encoding.UTF_8)
    assert isinstance(line, Line)
    assert left_out not in line.record


def test_the_id_of_a_member_in_a_broken_line_is_that_of_no_contract() -> None:
    text = f'{{"record": "member", "contract_id": "{ID}", "member_id": "{OTHER}", broken'
    (line,) = read_lines(io.BytesIO(text.encode()), Format.JSONL, Encoding.UTF_8)
    assert isinstance(line, BrokenLine)
    assert [mention.contract_id for mention in line.mentions] == [ID]
