"""Load by wrk from the second core, and what one run of it tells."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from tests.bench.targets import Target
from tests.bench.work import WrongAnswer

_REPLAY = Path(__file__).parent / "replay.lua"
_IN_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Run:
    """One run against one server."""

    answered: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


async def load(target: Target, requests: Path, connections: int, seconds: int) -> Run:
    """As many requests as the server answers in that time, on so many connections.

    Raises:
        WrongAnswer: One was answered with another status than 200, or not at all.
    """
    before = target.cpu_seconds()
    process = await asyncio.create_subprocess_exec(
        *("wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--latency"),
        *("--timeout", "10s", "--script", str(_REPLAY), f"{target.base_url}/graphql", "--", str(requests)),
        stdout=asyncio.subprocess.PIPE,
    )
    said = (await process.communicate())[0].decode()
    spent = target.cpu_seconds() - before
    if "Non-2xx" in said or "Socket errors" in said:
        raise WrongAnswer(f"{target.name}: {said}")
    answered = int(_found(r"(\d+) requests in", said))
    return Run(
        answered=answered,
        per_second=float(_found(r"Requests/sec:\s+([\d.]+)", said)),
        p50_ms=_milliseconds("50%", said),
        p99_ms=_milliseconds("99%", said),
        cpu_us=spent / max(answered, 1) * 1e6,
    )


def _milliseconds(percentile: str, said: str) -> float:
    value = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s)\b", said)
    if value is None:
        raise ValueError(f"wrk did not tell its {percentile} latency")
    return float(value[1]) * _IN_MS[value[2]]


def _found(pattern: str, said: str) -> str:
    value = re.search(pattern, said)
    if value is None:
        raise ValueError(f"wrk did not say {pattern}")
    return value[1]
