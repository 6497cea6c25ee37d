"""How fast, side by side: `python -m tests.bench --help`."""

import argparse
import json
import logging
import platform
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import dataset, plot, scale, tables
from tests.bench.ground import Ground, laid_out
from tests.bench.growth import MOST_GROWTH, growth
from tests.bench.password import verifications_per_second
from tests.bench.side_by_side import collected, measure
from tests.bench.tables import Line
from tests.bench.targets import KINDS, missing, started
from tests.bench.work import Home, LogIn, Pair, Work, WrongAnswer

from contract_server import event_loop, logs

RESULTS = Path(__file__).parent / "results"
TITLES = {work.name: work.title for work in (Home, Pair)}
PARTS = ("side-by-side", "log-in", "due", "erasure")
GROWTH = "growth"
SHOWN_IN_THE_PLOT = 16


def main() -> int:
    """Measure what is asked for, and write what came of it."""
    asked = _arguments().parse_args()
    if not shutil.which("wrk"):
        say("bench: wrk is not installed (Debian and Ubuntu: apt install wrk)")
        return 1
    logs.configure("WARNING")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        try:
            event_loop.run(_measure(asked, Path(folder)))  # a worker's loop, because sweeps run in it
        except WrongAnswer as wrong:
            for log in Path(folder).glob("*.log"):
                say(f"{log.stem}: {log.read_text()[-2000:]}")
            say(f"bench: a wrong answer: {wrong}")
            return 1
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=[*PARTS, GROWTH], default=list(PARTS))
    parser.add_argument("--targets", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--works", nargs="+", choices=TITLES, default=list(TITLES))
    parser.add_argument("--connections", nargs="+", type=int, default=[1, 16, 64])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each run")
    parser.add_argument(
        "--contracts", type=int, nargs="+", default=[10_000, 1_000_000, 5_000_000], help="to find what is due in"
    )
    parser.add_argument("--write", action="store_true", help="write the results to tests/bench/results")
    return parser


async def _measure(asked: argparse.Namespace, folder: Path) -> None:
    kept = RESULTS / "results.json"
    # what is not asked for now keeps the figures that it had
    results: dict[str, Any] = json.loads(kept.read_text()) if asked.write and kept.exists() else {}
    results["machine"] = _machine()
    async with laid_out(folder) as ground:
        if "side-by-side" in asked.parts:
            results["side by side"] = [asdict(line) for line in await _side_by_side(asked, ground)]
        if "log-in" in asked.parts:
            results["log-in"] = await _log_in(asked, ground)
        if "due" in asked.parts:
            results["due"] = [asdict(each) async for each in scale.due_look_ups(ground, asked.contracts)]
        if "erasure" in asked.parts:
            results["erasure"] = asdict(await scale.erasure(ground, max(1, asked.rounds // 2)))
        if GROWTH in asked.parts:
            await _require_no_growth(ground)
    found = [Line(**line) for line in results.get("side by side", ())]
    text = "\n".join(_words(results, found))
    say(text)
    if asked.write:
        RESULTS.mkdir(exist_ok=True)
        kept.write_text(json.dumps(results, indent=2) + "\n")
        (RESULTS / "results.md").write_text(f"{text}\n")
        (RESULTS / "of-the-limit.svg").write_text(plot.svg(found, SHOWN_IN_THE_PLOT, TITLES))


async def _require_no_growth(ground: Ground) -> None:
    """Report the statements that grow most with the history, and fail if one grows too much."""
    found = await growth(ground)
    for each in found[:10]:
        statement = " ".join(each.statement.split())
        say(f"{each.factor:5.1f} times, {each.few:.2f} ms and {each.many:.2f} ms: {statement[:100]}")
    say(f"{len(found)} statements")
    if found[0].factor > MOST_GROWTH:
        raise SystemExit(
            f"bench: a statement takes more than {MOST_GROWTH} times as long with a hundred times as many contracts"
        )


async def _side_by_side(asked: argparse.Namespace, ground: Ground) -> list[Line]:
    names = [name for name in asked.targets if not _left_out(name)]
    async with _people(ground) as (people, filled_at):
        works = [work(people, filled_at) for work in (Home, Pair) if work.name in asked.works]
        return await _runs(works, names, asked.connections, asked, ground)


async def _log_in(asked: argparse.Namespace, ground: Ground) -> dict[str, float]:
    async with _people(ground) as (people, filled_at):
        (line,) = await _runs([LogIn(people, filled_at)], ["product"], [SHOWN_IN_THE_PLOT], asked, ground)
    return {
        "per_second": line.per_second,
        "p50_ms": line.p50_ms,
        "p99_ms": line.p99_ms,
        "bare_verifications_per_second": verifications_per_second(),
    }


async def _runs(
    works: Sequence[Work], names: list[str], connections: list[int], asked: argparse.Namespace, ground: Ground
) -> list[Line]:
    pairs = []
    async with started(names, ground.variables, ground.folder) as targets:
        runs = measure(
            works,
            targets,
            ground.connection,
            ground.folder,
            rounds=asked.rounds,
            seconds=asked.seconds,
            connections=connections,
        )
        async for case, run in runs:
            pairs.append((case, run))
            say(
                f"{case.work:6} c{case.connections:<3} {case.target:10} {run.per_second:9,.0f}/s"
                f"  p50 {run.p50_ms:7.2f} ms  p99 {run.p99_ms:7.2f} ms  {run.cpu_us:6.0f} µs CPU"
            )
    return tables.lines(collected(pairs))


@asynccontextmanager
async def _people(ground: Ground) -> AsyncIterator[tuple[list[dataset.Person], datetime]]:
    filled_at = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - the moment at which the data was made
    yield await dataset.fill(ground.connection, 10_000, filled_at), filled_at


def _left_out(name: str) -> bool:
    needed = missing(name)
    if needed:
        say(f"{name} is left out: it needs {needed}")
    return bool(needed)


def _machine() -> str:
    told = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in told if line.startswith("model name")), "processor")
    # Debian's is optimized too, by its own way of building, which leaves no trace here
    is_optimized = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    built = f"--enable-optimizations {'given' if is_optimized else 'not given'}"
    python = f"Python {platform.python_version()} of {sys.base_prefix} ({platform.python_compiler()}, {built})"
    return f"2 cores of a {model}, {python}, {platform.system()}"


def _words(results: dict[str, Any], found: list[Line]) -> Iterator[str]:
    yield f"Measured on {results['machine']}: servers on the first core, PostgreSQL and load on the second.\n"
    for work, title in TITLES.items():
        yield from tables.markdown(found, work, title)
    if log_in := results.get("log-in"):
        yield (
            f"### logIn\n\n{log_in['per_second']:.0f} a second on {SHOWN_IN_THE_PLOT} connections, p50"
            f" {log_in['p50_ms']:.0f} ms; the core does {log_in['bare_verifications_per_second']:.0f} bare argon2id"
            f" verifications ({log_in['per_second'] / log_in['bare_verifications_per_second']:.2f}).\n"
        )
    if due := results.get("due"):
        yield "### Finding what is due\n"
        yield "| contracts | the sweep finds a hundred due ones in, ms | `contract-server due`, ms |"
        yield "| --- | --- | --- |"
        for each in due:
            yield f"| {each['contracts']:,} | {each['sweep_ms']:.2f} | {each['operator_ms']:.2f} |"
        yield ""
    if erasure := results.get("erasure"):
        yield "### Erasing 1,000,000 members of 1,000 contracts\n"
        yield "| | members/s | of one bare DELETE |\n| --- | --- | --- |"
        bare, swept = erasure["bare_per_second"], erasure["swept_per_second"]
        yield f"| one bare DELETE | {bare:,.0f} | 1.00 |"
        yield f"| the sweep, with evidence, ledger and re-check | {swept:,.0f} | {swept / bare:.2f} |\n"
        yield (
            f"The home query's p99 on {scale.FOREGROUND_CONNECTIONS} connections: {erasure['p99_alone_ms']:.1f} ms"
            f" alone, {erasure['p99_meanwhile_ms']:.1f} ms meanwhile.\n"
        )


def say(line: str) -> None:
    """One line for whoever runs this."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
