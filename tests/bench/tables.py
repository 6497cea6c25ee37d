"""The runs as tables: medians, and ratios within the same measure."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.side_by_side import Case, Runs
from tests.bench.targets import KINDS


@dataclass(frozen=True, slots=True)
class Line:
    """One server in one table."""

    target: str
    work: str
    connections: int
    per_second: float
    of_the_limit: float | None
    p50_ms: float
    p99_ms: float
    cpu_us: float


def lines(runs: Runs) -> list[Line]:
    """The medians of every cell, with its ratio to the limit where that was measured beside it."""
    return [_line(case, runs) for case in runs]


def _line(case: Case, runs: Runs) -> Line:
    limit = runs.get(Case(case.work, case.connections, "limit"))
    per_second = statistics.median(run.per_second for run in runs[case])
    return Line(
        target=case.target,
        work=case.work,
        connections=case.connections,
        per_second=per_second,
        of_the_limit=per_second / statistics.median(run.per_second for run in limit) if limit else None,
        p50_ms=statistics.median(run.p50_ms for run in runs[case]),
        p99_ms=statistics.median(run.p99_ms for run in runs[case]),
        cpu_us=statistics.median(run.cpu_us for run in runs[case]),
    )


def markdown(found: list[Line], work: str, title: str) -> Iterator[str]:
    """One kind of work as a table."""
    of_work = [line for line in found if line.work == work]
    if not of_work:
        return
    yield f"### {title}\n"
    yield "| server | connections | requests/s | of the limit | p50 ms | p99 ms | CPU µs/request |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for line in sorted(of_work, key=lambda each: (each.connections, -each.per_second)):
        ratio = "-" if line.of_the_limit is None else f"{line.of_the_limit:.3f}"
        yield (
            f"| {KINDS[line.target].title} | {line.connections} | {line.per_second:,.0f} | {ratio}"
            f" | {line.p50_ms:.2f} | {line.p99_ms:.1f} | {line.cpu_us:.0f} |"
        )
    yield ""
