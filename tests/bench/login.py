"""Whether the time of a refused log-in tells if an account exists: two medians that should be the same.

Run as `python -m tests.bench.login`. Tries at an address that somebody has and at one that nobody has follow one
another, 500 of each, over HTTP to a server of this program's own, whose limits are raised. Exit status 1 where the
medians are further apart than the goal.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import seeded_database
from tests.server.running import Client, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

TRIES = 500
WARM_UP = 20
GOAL = 0.05
KNOWN, UNKNOWN = "active@example.jp", "nobody@example.jp"
NO_LIMIT = str(10 * TRIES)


async def measure(client: Client) -> dict[str, list[float]]:
    """Seconds of every try, by address."""
    seconds: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    for number in range(WARM_UP + TRIES):
        order = (KNOWN, UNKNOWN) if number % 2 else (UNKNOWN, KNOWN)
        for email in order:
            began = time.perf_counter()
            answer = await client.log_in(email, "a wrong password")
            seconds[email].append(time.perf_counter() - began)
            if answer["code"] != "INVALID_CREDENTIALS":
                raise SystemExit(f"a try was answered with {answer['code']}")
    return {email: each[WARM_UP:] for email, each in seconds.items()}


async def main() -> int:
    """Start what is needed, measure, and say what came of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("postgres", "redis"):
            (folder / part).mkdir()
        with (
            EmbeddedPostgres(folder / "postgres", durable=False) as postgres,
            EmbeddedRedis(folder / "redis", durable=False) as redis,
        ):
            async with (
                running(
                    await seeded_database(postgres),
                    redis.url,
                    folder,
                    worker=False,
                    LOG_IN_FAILURES_PER_ACCOUNT=NO_LIMIT,
                    LOG_IN_FAILURES_PER_SOURCE=NO_LIMIT,
                    LOG_IN_FAILURES_OF_UNKNOWN_DEVICES=NO_LIMIT,
                    LOG_IN_FAILURES_OF_ALL=NO_LIMIT,
                ) as service,
                service.client() as client,
            ):
                seconds = await measure(client)
    known, unknown = (statistics.median(seconds[email]) for email in (KNOWN, UNKNOWN))
    apart = abs(known / unknown - 1)
    say(f"wrong password   {known * 1000:7.2f} ms, median of {TRIES}")
    say(f"unknown address  {unknown * 1000:7.2f} ms, median of {TRIES}")
    say(f"ratio            {known / unknown:7.3f}, {apart:.1%} apart (goal: at most {GOAL:.0%})")
    return 0 if apart <= GOAL else 1


def say(line: str) -> None:
    """One line for whoever runs this."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
