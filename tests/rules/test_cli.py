import json
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


# ---------------------------------------------------------------- check-vectors


def test_check_vectors_counts_what_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cases.json"
    file.write_text(VECTORS, encoding="utf-8-sig")
    assert run("check-vectors", str(file)) == 0
    assert capsys.readouterr().out == "58 passed, 0 failed\n"


def test_check_vectors_knows_the_shipped_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check-vectors") == 0
    assert capsys.readouterr().out == "58 passed, 0 failed\n"


def test_check_vectors_prints_each_mismatch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cases.json"
    holds, wrong, refused = json.loads(VECTORS)[:3]
    wrong["last_day"] = "2024-03-05"
    refused["period"]["hour"] = 12
    file.write_text(json.dumps([holds, wrong, refused]), encoding="utf-8")
    assert run("check-vectors", str(file)) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "JP03: last day 2024-03-04, expected 2024-03-05"
    assert printed[1].startswith("JP05: the period is refused: 'hour' is not a key of a period")
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
    rows = json.loads(capsys.readouterr().out)
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
            check-vectors  whether published dates are reproduced
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
        usage: contract-rules explain [-h] [--policy FILE] [--language {ja,en}] when
        positional arguments:
          when                when termination is applied for: 2024-03-01T09:30+09:00, or 2024-03-01
        options:
          -h, --help          show this help message and exit
          --policy FILE       a policy (default: the shipped one)
          --language {ja,en}  of the sentences (default: ja)
        """,
    ("check-policy",): """
        usage: contract-rules check-policy [-h] FILE
        positional arguments:
          FILE        a policy
        options:
          -h, --help  show this help message and exit
        """,
    ("check-vectors",): """
        usage: contract-rules check-vectors [-h] [FILE]
        positional arguments:
          FILE        a conformance file (default: the shipped one)
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
