"""The command `contract-rules`: the rules of this package, asked from a shell."""

import argparse
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from contract_rules.conformance import mismatches, read_cases, shipped_cases
from contract_rules.diagram import mermaid, transitions
from contract_rules.explanations import (
    Language,
    describe_period,
    describe_policy,
    explain_deadline,
    explain_period,
)
from contract_rules.instants import DateOutOfRange, require_instant
from contract_rules.policy import (
    DeadlineKind,
    Policy,
    PolicyError,
    Timeline,
    changed_terms,
    parse_period,
    parse_policy,
    shipped_policies,
)
from contract_rules.portable import to_json
from contract_rules.tables import changes, in_words, periods_of, table_of_dates

FAILED: Final = 1
UNREADABLE: Final = 2
COMPARED_FROM: Final = date(2024, 1, 1)
COMPARED_DAYS: Final = timedelta(days=4 * 365)


class UnreadableFileError(Exception):
    """A file that is not there, or is not what it should be."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Exit status: 0, or 1 where the answer is no, or 2 where the question cannot be read.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
    except UnreadableFileError as error:
        parser.exit(UNREADABLE, f"contract-rules: {error}\n")
    except (DateOutOfRange, PolicyError) as error:
        parser.exit(FAILED, f"contract-rules: {error}\n")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="contract-rules", description="What may be done with a contract, until when, and why."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    application = argparse.ArgumentParser(add_help=False)
    application.add_argument(
        "when", type=_moment, help="when termination is applied for: 2024-03-01T09:30+09:00, or 2024-03-01"
    )
    application.add_argument("--policy", type=Path, metavar="FILE", help="a policy (default: the shipped one)")

    timeline = commands.add_parser("timeline", parents=[application], help="the dates that follow")
    timeline.add_argument("--json", action="store_true", help="print JSON")
    timeline.set_defaults(run=_timeline)

    explain = commands.add_parser("explain", parents=[application], help="why those dates, in words")
    explain.add_argument(
        "--language",
        choices=[language.value for language in Language],
        default=Language.JA.value,
        help="of the sentences (default: ja)",
    )
    explain.add_argument("--period", type=Path, metavar="FILE", help="a period alone, counted from then")
    explain.add_argument("--now", type=_moment, help="tell what has passed by then in the past tense")
    explain.set_defaults(run=_explain)

    check_policy = commands.add_parser("check-policy", help="whether a file is a policy, and what it says")
    check_policy.add_argument("file", type=Path, metavar="FILE", help="a policy")
    check_policy.add_argument("--dates", type=_dates, metavar="A..B", help="print what follows from each of them")
    check_policy.set_defaults(run=_check_policy)

    check_period = commands.add_parser("check-period", help="the same of a period alone, with its zone")
    check_period.add_argument("file", type=Path, metavar="FILE", help="a period")
    check_period.add_argument("--dates", type=_dates, metavar="A..B", help="print when it ends for each of them")
    check_period.set_defaults(run=_check_period)

    diff = commands.add_parser("diff", help="which applications another policy gives other deadlines")
    diff.add_argument("old", type=Path, metavar="OLD", help="a policy")
    diff.add_argument("new", type=Path, metavar="NEW", help="another one")
    diff.add_argument(
        "--dates", type=_dates, metavar="A..B", help="of application (default: four years, from the new one's first)"
    )
    diff.set_defaults(run=_diff)

    listed = commands.add_parser("holidays", help="write the holidays of a country for a policy file")
    listed.add_argument("country", help="a code of ISO 3166, as in JP")
    listed.add_argument("--subdivision", help="a part of it, as in BY for Bavaria")
    listed.add_argument("--from", type=int, required=True, dest="first", metavar="YEAR", help="the first year")
    listed.add_argument("--to", type=int, required=True, dest="last", metavar="YEAR", help="the last year")
    listed.set_defaults(run=_holidays)

    check_vectors = commands.add_parser("check-vectors", help="whether the vectors are reproduced")
    check_vectors.add_argument(
        "files", type=Path, nargs="*", metavar="FILE", help="a file of vectors (default: the shipped ones)"
    )
    check_vectors.set_defaults(run=_check_vectors)

    transitions = commands.add_parser("transitions", help="what may be done in which status, by whom and when")
    transitions.add_argument("--json", action="store_true", help="print JSON")
    transitions.set_defaults(run=_transitions)

    diagram = commands.add_parser("diagram", help="the lifecycle as a Mermaid diagram")
    diagram.set_defaults(run=_diagram)
    return parser


def _moment(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        require_instant(moment)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return moment


def _dates(text: str) -> tuple[date, date]:
    try:
        first, last = map(date.fromisoformat, text.split(".."))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: write two dates, as in 2026-01-01..2026-12-31") from None
    return first, last


def _timeline(options: argparse.Namespace) -> int:
    policy, timeline = _promised(options)
    print(to_json(timeline, indent=2) if options.json else _as_table(policy, timeline))
    return 0


def _explain(options: argparse.Namespace) -> int:
    language = Language(options.language)
    if options.period:
        period, zone = parse_period(_read(options.period), source=str(options.period))
        print(explain_period(period, options.when, zone, language, options.now))
        return 0
    policy, timeline = _promised(options)
    for kind in DeadlineKind:
        print(explain_deadline(kind, timeline, policy, language, options.now))
    return 0


def _check_policy(options: argparse.Namespace) -> int:
    policy = _policy(options.file)
    print(f"{options.file}: {policy.name} {policy.version} is a policy.")
    print(describe_policy(policy, Language.EN))
    if options.dates:
        _print_all(table_of_dates("applied on", periods_of(policy), *options.dates))
    return 0


def _check_period(options: argparse.Namespace) -> int:
    period, zone = parse_period(_read(options.file), source=str(options.file))
    print(describe_period(period, zone, Language.EN))
    if options.dates:
        _print_all(table_of_dates("event", {"last day": period}, *options.dates))
    return 0


def _diff(options: argparse.Namespace) -> int:
    old, new = _policy(options.old), _policy(options.new)
    first, last = options.dates or _dates_to_compare(old, new)
    terms = changed_terms(old.terms, new.terms)
    found = [in_words(change) for change in changes(old, new, first, last)]
    _print_all(terms)
    _print_all(found)
    if not found:
        print(f"The same last days for all applications from {first} to {last}.")
    return FAILED if found or old.zone != new.zone else 0


def _dates_to_compare(old: Policy, new: Policy) -> tuple[date, date]:
    first = max(new.valid_from or COMPARED_FROM, old.earliest, new.earliest)
    return first, min(first + COMPARED_DAYS, old.horizon, new.horizon)


def _holidays(options: argparse.Namespace) -> int:
    try:
        from contract_rules.published_holidays import calendar_table  # noqa: PLC0415  # an extra
    except ImportError:
        raise UnreadableFileError("holidays are listed by another library: install contract-rules[holidays]") from None
    try:
        _print_all(calendar_table(options.country, options.subdivision, options.first, options.last))
    except LookupError as error:
        raise UnreadableFileError(str(error)) from None
    return 0


def _print_all(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def _check_vectors(options: argparse.Namespace) -> int:
    cases = [case for file in options.files for case in _cases(file)] if options.files else shipped_cases()
    found = mismatches(cases)
    for mismatch in found:
        print(f"{mismatch.case}: {mismatch.difference}")
    print(f"{len(cases) - len(found)} passed, {len(found)} failed")
    return FAILED if found else 0


def _transitions(options: argparse.Namespace) -> int:
    rows = transitions()
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    for row in rows:
        print(f"{row['status']:<11}{row['action']:<21}{', '.join(row['actors']):<22}{row['when']}")
    return 0


def _diagram(_options: argparse.Namespace) -> int:
    print(mermaid(), end="")
    return 0


def _promised(options: argparse.Namespace) -> tuple[Policy, Timeline]:
    when: date = options.when
    if isinstance(when, datetime):
        policy = _policy(options.policy) if options.policy else shipped_policies().in_force_at(when)
        return policy, policy.timeline(when)
    policy = _policy(options.policy) if options.policy else shipped_policies().in_force(when)
    return policy, policy.timeline_on(when)


def _as_table(policy: Policy, timeline: Timeline) -> str:
    lines = [
        f"Applied on {timeline.requested_on}: {policy.name} {policy.version}, {policy.zone.key}",
        "",
        f"{'':<13}{'last day':<12}passes at",
    ]
    for kind in DeadlineKind:
        deadline = timeline.deadline(kind)
        lines.append(f"{kind.replace('_', ' '):<13}{deadline.last_day}  {deadline.at.isoformat()}")
    return "\n".join(lines)


def _policy(file: Path) -> Policy:
    return parse_policy(_read(file), source=str(file))


def _cases(file: Path) -> list[object]:
    try:
        return read_cases(_read(file))
    except ValueError as error:
        raise UnreadableFileError(f"{file}: {error}") from None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnreadableFileError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableFileError(f"{file}: not UTF-8 text") from None
