import json
import sys
from datetime import date
from importlib import resources
from pathlib import Path

import pytest
from tests.rules.examples import POLICY

from contract_rules import (
    PERMITTED,
    TRANSITIONS,
    Action,
    Actor,
    Condition,
    EventType,
    Status,
    Transition,
    timeline_from_json,
)
from contract_rules.cli import main
from contract_rules.conformance import shipped_cases
from contract_rules.diagram import mermaid

SHIPPED = resources.files("contract_rules")
POLICY_FILE = (SHIPPED / "policies" / "omakase-login-1.0.toml").read_text(encoding="utf-8")
VECTORS = (SHIPPED / "vectors" / "deadline-vectors.json").read_text(encoding="utf-8")


def run(*arguments: str) -> int:
    """The exit status of the command."""
    try:
        return main(arguments)
    except SystemExit as stopped:
        return int(stopped.code or 0)


@pytest.fixture
def other_policy(tmp_path: Path) -> Path:
    """A policy file with a month in which to resume."""
    file = tmp_path / "terms.toml"
    monthly = 'count = 1\nunit = "month"\nmonth_rule = "event_based"'
    text = POLICY_FILE.replace('unit = "day"\ncount = 45', monthly).replace("omakase-login", "terms")
    file.write_text(text, encoding="utf-8")
    return file


# ---------------------------------------------------------------- timeline


def test_timeline_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("timeline", "2024-03-01T09:30+09:00") == 0
    assert capsys.readouterr().out == (
        "Applied on 2024-03-01: omakase-login 1.0, Asia/Tokyo\n"
        "\n"
        "             last day    passes at\n"
        "service end  2024-03-15  2024-03-16T00:00:00+09:00\n"
        "resumption   2024-03-15  2024-03-16T00:00:00+09:00\n"
        "erasure      2024-04-15  2024-04-16T00:00:00+09:00\n"
    )


@pytest.mark.parametrize(
    ("when", "requested_on"),
    [("2024-03-01", "2024-03-01"), ("2024-02-29T15:00Z", "2024-03-01"), ("2024-02-29T14:59Z", "2024-02-29")],
)
def test_timeline_prints_json_that_reads_back(when: str, requested_on: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("timeline", when, "--json") == 0
    read = timeline_from_json(capsys.readouterr().out)
    assert read == POLICY.timeline_on(date.fromisoformat(requested_on))


def test_timeline_prints_json_dates_and_instants(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("timeline", "2024-03-01", "--json") == 0
    assert (
        capsys.readouterr().out
        == """{
  "format": "contract-facts/1",
  "timeline": {
    "requested_on": "2024-03-01",
    "policy_name": "omakase-login",
    "policy_version": "1.0",
    "zone": "Asia/Tokyo",
    "service_end": {
      "last_day": "2024-03-15",
      "at": "2024-03-16T00:00:00+09:00"
    },
    "resumption": {
      "last_day": "2024-03-15",
      "at": "2024-03-16T00:00:00+09:00"
    },
    "erasure": {
      "last_day": "2024-04-15",
      "at": "2024-04-16T00:00:00+09:00"
    }
  }
}
"""
    )


@pytest.mark.parametrize("when", ["2024-03-01", "2024-03-01T09:30+09:00"])
def test_timeline_goes_by_the_policy_it_is_given(
    when: str, other_policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("timeline", when, "--policy", str(other_policy)) == 0
    assert "erasure      2024-04-01" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("2024-03-01T09:30", "2024-03-01T09:30:00 has no UTC offset: write one, as in 2024-03-01T09:30:00+09:00"),
        ("tomorrow", "Invalid isoformat string: 'tomorrow'"),
    ],
)
def test_timeline_says_what_is_wrong_with_an_instant(
    when: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("timeline", when) == 2
    assert message in capsys.readouterr().err


def test_timeline_says_where_the_calendar_ends(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("timeline", "9999-12-01") == 1
    assert "contract-rules: 45 days forward from 9999-12-01 end outside" in capsys.readouterr().err


# ---------------------------------------------------------------- explain


def test_explain_prints_a_sentence_for_each_deadline(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "2024-03-01T09:30+09:00") == 0
    sentences = capsys.readouterr().out.splitlines()
    assert [sentence[:4] for sentence in sentences] == ["サービス", "利用再開", "登録情報"]
    assert all("2024年3月1日（金）" in sentence for sentence in sentences)


def test_explain_speaks_english(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "2024-03-01", "--language", "en") == 0
    assert capsys.readouterr().out.startswith("The service can be used until 23:59 Japan time on Friday, 15 March")


def test_explain_does_not_speak_french(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "2024-03-01", "--language", "fr") == 2
    assert "fr" in capsys.readouterr().err


# ---------------------------------------------------------------- check-policy


def test_check_policy_says_what_a_policy_means(other_policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check-policy", str(other_policy)) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{other_policy}: terms 1.0 is a policy."
    assert "kept until 23:59 on the same day of the month 1 month after the application" in second


def test_check_policy_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "terms.toml"
    file.write_text(POLICY_FILE.replace("count = 45", "count = 7"), encoding="utf-8")
    assert run("check-policy", str(file)) == 1
    assert f"contract-rules: {file}: erasure: applied on 2000-01-01" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check-policy", "check-vectors"])
def test_a_file_that_cannot_be_read_has_its_own_status(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, str(tmp_path / "missing")) == 2
    assert "missing: No such file or directory" in capsys.readouterr().err
    assert run(command, str(tmp_path)) == 2
    assert f"{tmp_path}: Is a directory" in capsys.readouterr().err
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    assert run(command, str(binary)) == 2
    assert f"{binary}: not UTF-8 text" in capsys.readouterr().err


PERIOD_FILE = """
zone = "Asia/Tokyo"
unit = "day"
count = 14
roll = "forward"
weekend = [6, 7]
"""


@pytest.fixture
def period_file(tmp_path: Path) -> Path:
    """A period alone."""
    file = tmp_path / "notice.toml"
    file.write_text(PERIOD_FILE, encoding="utf-8")
    return file


def test_check_policy_prints_what_follows_from_each_date(
    other_policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check-policy", str(other_policy), "--dates", "2026-01-01..2026-12-31") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "applied on      service end     resumption      erasure"
    assert lines[3] == "2026-01-01 Thu  2026-01-15 Thu  2026-01-15 Thu  2026-02-01 Sun"
    assert lines[-1].startswith("2026-12-31")
    assert len(lines) == 3 + 365


@pytest.mark.parametrize("dates", ["2026", "2026-01-01", "2026-01-01..", "2026-01-01..2026-02-30", "1..2..3"])
def test_a_range_of_dates_is_two_dates(dates: str, other_policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check-policy", str(other_policy), "--dates", dates) == 2
    assert f"'{dates}': write two dates, as in 2026-01-01..2026-12-31" in capsys.readouterr().err


def test_check_period_says_what_a_period_means(period_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check-period", str(period_file)) == 0
    assert capsys.readouterr().out == (
        "The period runs until 23:59 on day 14, counting the day after the event as day 1, or the next business day "
        "if that is none. Dates and times are Japan time. Closed are Saturdays and Sundays.\n"
    )


def test_check_period_prints_when_it_ends_for_each_date(period_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check-period", str(period_file), "--dates", "2024-03-01..2024-03-02") == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "event           last day",
        "2024-03-01 Fri  2024-03-15 Fri",
        "2024-03-02 Sat  2024-03-18 Mon",
    ]


def test_check_period_says_what_is_wrong(period_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    period_file.write_text(PERIOD_FILE.replace("weekend", "weekends"), encoding="utf-8")
    assert run("check-period", str(period_file)) == 1
    assert f"contract-rules: {period_file}: 'weekends' is not a key of a period" in capsys.readouterr().err


def test_explain_tells_of_a_period_alone(period_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "2024-03-02", "--period", str(period_file), "--language", "en") == 0
    assert capsys.readouterr().out.endswith("to Monday, 18 March 2024, because Saturdays are closed.\n")


def test_explain_tells_in_the_past_tense_of_a_period_that_is_over(
    period_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {}
    for now in ("2024-03-18", "2024-03-19"):
        assert run("explain", "2024-03-02", "--period", str(period_file), "--now", now) == 0
        told[now] = capsys.readouterr().out
    assert "ました" not in told["2024-03-18"]
    assert "ました" in told["2024-03-19"]


def test_explain_names_the_file_of_a_period_that_is_none(period_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    period_file.write_text(PERIOD_FILE.replace("weekend", "weekends"), encoding="utf-8")
    assert run("explain", "2024-03-02", "--period", str(period_file)) == 1
    assert f"contract-rules: {period_file}: 'weekends' is not a key of a period" in capsys.readouterr().err


def test_explain_tells_in_the_past_tense_what_has_passed_by_then(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "2024-03-01", "--now", "2024-03-16T00:00+09:00") == 0
    service_end, _, erasure = capsys.readouterr().out.splitlines()
    assert service_end.endswith("をもって終了いたしました。")
    assert erasure.endswith("その後抹消いたします。")


# ---------------------------------------------------------------- diff


def test_diff_names_the_terms_and_the_dates_that_change(
    other_policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "old.toml"
    old.write_text(POLICY_FILE.replace("omakase-login", "terms"), encoding="utf-8")
    assert run("diff", str(old), str(other_policy), "--dates", "2024-01-01..2024-03-31") == 1
    assert capsys.readouterr().out.splitlines() == [
        "erasure.count: 45 -> 1",
        "erasure.month_rule: default -> event_based",
        "erasure.unit: day -> month",
        "erasure: applied from 2024-01-01 to 2024-01-29: 14 days earlier (2024-02-15 -> 2024-02-01)",
        "erasure: applied on 2024-01-30: 15 days earlier (2024-03-15 -> 2024-02-29)",
        "erasure: applied from 2024-01-31 to 2024-02-29: 16 days earlier (2024-03-16 -> 2024-02-29)",
        "erasure: applied from 2024-03-01 to 2024-03-30: 14 days earlier (2024-04-15 -> 2024-04-01)",
        "erasure: applied on 2024-03-31: 15 days earlier (2024-05-15 -> 2024-04-30)",
    ]


def test_diff_of_terms_that_promise_the_same_finds_nothing(
    other_policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renamed = tmp_path / "new.toml"
    renamed.write_text(
        other_policy.read_text(encoding="utf-8").replace('version = "1.0"', 'version = "2.0"\nvalid_from = 2025-04-01'),
        encoding="utf-8",
    )
    assert run("diff", str(other_policy), str(renamed)) == 0
    assert capsys.readouterr().out.splitlines() == [
        "version: 1.0 -> 2.0",
        "The same last days for all applications from 2025-04-01 to 2029-03-31.",
    ]


def test_diff_of_zones_is_a_change_of_every_instant(
    other_policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    berlin = tmp_path / "berlin.toml"
    berlin.write_text(other_policy.read_text(encoding="utf-8").replace("Asia/Tokyo", "Europe/Berlin"), encoding="utf-8")
    assert run("diff", str(other_policy), str(berlin)) == 1
    assert "zone: Asia/Tokyo -> Europe/Berlin" in capsys.readouterr().out


def test_diff_goes_as_far_as_the_holidays_of_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    closed = (
        'roll = "forward"\nweekend = [6, 7]\nholidays = [2026-05-04]\n'
        "holidays_from = {}-01-01\nholidays_until = {}-01-01"
    )
    files = [tmp_path / "old.toml", tmp_path / "new.toml"]
    for file, first, until in zip(files, (2024, 2026), (2028, 2030), strict=True):
        text = POLICY_FILE.replace("count = 45", f"count = 45\n{closed.format(first, until)}")
        file.write_text(text, encoding="utf-8")
    for compared in (files, reversed(files)):
        assert run("diff", *map(str, compared)) == 0
        assert "for all applications from 2025-11-17 to 2027-11-16." in capsys.readouterr().out


# ---------------------------------------------------------------- holidays


def test_holidays_writes_a_calendar_that_a_policy_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("holidays", "JP", "--from", "2026", "--to", "2028") == 0
    file = tmp_path / "terms.toml"
    rolled = POLICY_FILE.replace("count = 45", 'count = 45\nroll = "forward"')
    file.write_text(f"{rolled}\n{capsys.readouterr().out}", encoding="utf-8")
    assert run("check-policy", str(file)) == 0
    assert "to Sunday, 31 December 2028" in capsys.readouterr().out


def test_holidays_of_a_part_of_a_country_are_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("holidays", "DE", "--subdivision", "BY", "--from", "2026", "--to", "2026") == 0
    assert capsys.readouterr().out.startswith("# DE-BY, 2026 to 2026, from holidays ")


def test_holidays_of_no_country_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("holidays", "XX", "--from", "2026", "--to", "2028") == 2
    assert "contract-rules: Country XX not available" in capsys.readouterr().err


def test_holidays_needs_its_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delitem(sys.modules, "contract_rules.published_holidays", raising=False)
    monkeypatch.setitem(sys.modules, "holidays", None)
    assert run("holidays", "JP", "--from", "2026", "--to", "2028") == 2
    assert capsys.readouterr().err == (
        "contract-rules: holidays are listed by another library: install contract-rules[holidays]\n"
    )


# ---------------------------------------------------------------- check-vectors


def test_check_vectors_counts_what_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cases.json"
    file.write_text(VECTORS, encoding="utf-8-sig")
    assert run("check-vectors", str(file)) == 0
    assert capsys.readouterr().out == "58 passed, 0 failed\n"


def test_check_vectors_adds_up_several_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cases.json"
    file.write_text(VECTORS, encoding="utf-8")
    assert run("check-vectors", str(file), str(file)) == 0
    assert capsys.readouterr().out == "116 passed, 0 failed\n"


def test_check_vectors_knows_the_shipped_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check-vectors") == 0
    assert capsys.readouterr().out == f"{len(shipped_cases())} passed, 0 failed\n"


def test_check_vectors_prints_each_mismatch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cases.json"
    holds, wrong, refused = json.loads(VECTORS)[:3]
    wrong["last_day"] = "2024-03-05"
    refused["period"]["hour"] = 12
    file.write_text(json.dumps([holds, wrong, refused]), encoding="utf-8")
    assert run("check-vectors", str(file)) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "JP03: last_day 2024-03-04, expected last_day 2024-03-05"
    assert printed[1].startswith("JP05: error PeriodError, message 'hour' is not a key of a period")
    assert printed[2:] == ["1 passed, 2 failed"]


def test_check_vectors_of_no_cases_finds_nothing_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cases.json"
    file.write_text("[]", encoding="utf-8")
    assert run("check-vectors", str(file)) == 0
    assert capsys.readouterr().out == "0 passed, 0 failed\n"


@pytest.mark.parametrize(
    ("text", "message"), [("{}", "not a list of cases"), ("[", "not JSON"), ("[" * 100_000, "not JSON")]
)
def test_check_vectors_cannot_read_what_is_no_list_of_cases(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cases.json"
    file.write_text(text, encoding="utf-8")
    assert run("check-vectors", str(file)) == 2
    assert f"{file}: {message}" in capsys.readouterr().err


# ---------------------------------------------------------------- transitions


def test_transitions_prints_the_table_that_decides_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("transitions", "--json") == 0
    out = capsys.readouterr().out
    assert out.startswith('[\n  {\n    "status": "ACTIVE",\n')
    rows = json.loads(out)
    assert rows[0] == {
        "status": "ACTIVE",
        "action": "TERMINATE",
        "actors": ["CONTRACTOR", "OPERATOR"],
        "condition": "COUNTABLE",
        "when": "up to the year 9999",
        "target": "TERMINATED",
        "event": "TERMINATION_REQUESTED",
    }
    read = {(Status(row["status"]), Action(row["action"])): row for row in rows}
    assert {
        key: Transition(Status(row["target"]), Condition[row["condition"]], EventType(row["event"]))
        for key, row in read.items()
    } == {(status, action): transition for status, table in TRANSITIONS.items() for action, transition in table.items()}
    assert {action: {Actor(actor) for actor in row["actors"]} for (_, action), row in read.items()} == PERMITTED


def test_transitions_prints_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("transitions") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ACTIVE     TERMINATE            CONTRACTOR, OPERATOR  up to the year 9999"
    assert len(lines) == sum(map(len, TRANSITIONS.values()))


# ---------------------------------------------------------------- the rest


def test_diagram_prints_the_lifecycle(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diagram") == 0
    assert capsys.readouterr().out == mermaid()


def test_a_command_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert "command" in capsys.readouterr().err


HELP = {
    (): """
        usage: contract-rules [-h] command ...
        What may be done with a contract, until when, and why.
        positional arguments:
          command
            timeline       the dates that follow
            explain        why those dates, in words
            check-policy   whether a file is a policy, and what it says
            check-period   the same of a period alone, with its zone
            diff           which applications another policy gives other deadlines
            holidays       write the holidays of a country for a policy file
            check-vectors  whether the vectors are reproduced
            transitions    what may be done in which status, by whom and when
            diagram        the lifecycle as a Mermaid diagram
        options:
          -h, --help       show this help message and exit
        """,
    ("timeline",): """
        usage: contract-rules timeline [-h] [--policy FILE] [--json] when
        positional arguments:
          when           when termination is applied for: 2024-03-01T09:30+09:00, or 2024-03-01
        options:
          -h, --help     show this help message and exit
          --policy FILE  a policy (default: the shipped one)
          --json         print JSON
        """,
    ("explain",): """
        usage: contract-rules explain [-h] [--policy FILE] [--language {ja,en}] [--period FILE] [--now NOW] when
        positional arguments:
          when                when termination is applied for: 2024-03-01T09:30+09:00, or 2024-03-01
        options:
          -h, --help          show this help message and exit
          --policy FILE       a policy (default: the shipped one)
          --language {ja,en}  of the sentences (default: ja)
          --period FILE       a period alone, counted from then
          --now NOW           tell what has passed by then in the past tense
        """,
    ("check-policy",): """
        usage: contract-rules check-policy [-h] [--dates A..B] FILE
        positional arguments:
          FILE          a policy
        options:
          -h, --help    show this help message and exit
          --dates A..B  print what follows from each of them
        """,
    ("check-period",): """
        usage: contract-rules check-period [-h] [--dates A..B] FILE
        positional arguments:
          FILE          a period
        options:
          -h, --help    show this help message and exit
          --dates A..B  print when it ends for each of them
        """,
    ("diff",): """
        usage: contract-rules diff [-h] [--dates A..B] OLD NEW
        positional arguments:
          OLD           a policy
          NEW           another one
        options:
          -h, --help    show this help message and exit
          --dates A..B  of application (default: four years, from the new one's first)
        """,
    ("holidays",): """
        usage: contract-rules holidays [-h] [--subdivision SUBDIVISION] --from YEAR --to YEAR country
        positional arguments:
          country               a code of ISO 3166, as in JP
        options:
          -h, --help            show this help message and exit
          --subdivision SUBDIVISION
                                a part of it, as in BY for Bavaria
          --from YEAR           the first year
          --to YEAR             the last year
        """,
    ("check-vectors",): """
        usage: contract-rules check-vectors [-h] [FILE ...]
        positional arguments:
          FILE        a file of vectors (default: the shipped ones)
        options:
          -h, --help  show this help message and exit
        """,
    ("transitions",): """
        usage: contract-rules transitions [-h] [--json]
        options:
          -h, --help  show this help message and exit
          --json      print JSON
        """,
    ("diagram",): """
        usage: contract-rules diagram [-h]
        options:
          -h, --help  show this help message and exit
        """,
}


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_help_says_what_a_command_takes(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert run(*command, "--help") == 0
    assert capsys.readouterr().out.split() == HELP[command].split()
