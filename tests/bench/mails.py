"""How fast mails go out, and how soon after the answer: `python -m tests.bench.mails`.

The worker exactly as shipped, and a bare loop of aiosmtplib, take turns on the first core at the same mail server,
which runs on the second core with PostgreSQL and Redis. What counts is what the mail server sees: the time from the
first mail that it accepts to the last.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
from tests.bench import dataset
from tests.bench.ground import Ground, laid_out
from tests.bench.mail_loop import RECIPIENT
from tests.bench.targets import ROOT, started
from tests.bench.work import Request
from tests.server.running import free_port, stop_process

from contract_notify import CONTACT_URL, TerminationAccepted, render

ROUNDS = 5
MAILS = 2000
SLOW_MAILS = 200
SLOW_MS = 10.0
"""What a mail server takes that stores a mail before it accepts it."""
MUTATIONS = 400
PAUSE_S = 0.02
WARM_UP = 100

TITLES = {
    "bytes": "aiosmtplib in a bare loop, one connection, finished bytes",
    "messages": "aiosmtplib in a bare loop, one connection, finished `EmailMessage`s: **the loop**",
    "product": "**this product**: outbox, order, leases, log, metrics",
}

OWE = """
INSERT INTO outbox_mail (contract_id, kind, message_id, dated_at, next_attempt_at, recipient, subject, body, state,
                         attempts)
SELECT id, 'termination_accepted', '<' || id || '.2.termination_accepted@example.jp>', now(), now(), $1, $2, $3,
       'PENDING', 0
  FROM contract LIMIT $4
"""
WAKE = "SELECT pg_notify('mail_owed', '')"


@dataclass(frozen=True, slots=True)
class Sink:
    """The mail server, in a process of its own."""

    port: int
    process: asyncio.subprocess.Process

    def expect(self, mails: int, milliseconds_each: float = 0) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{mails} {milliseconds_each}\n".encode())

    async def accepted(self) -> list[tuple[str, float]]:
        """Message-IDs, and when each was accepted, once all have come."""
        assert self.process.stdout
        async with asyncio.timeout(120):
            found: list[tuple[str, float]] = json.loads(await self.process.stdout.readline())
        if len({message_id for message_id, _ in found}) != len(found):
            raise SystemExit("a mail came twice")
        return found

    async def per_second(self) -> float:
        instants = [at for _, at in await self.accepted()]
        return (len(instants) - 1) / (instants[-1] - instants[0])


@asynccontextmanager
async def sink_running() -> AsyncIterator[Sink]:
    """The mail server, answering."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.mail_sink", str(port)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    assert process.stdout
    await process.stdout.readline()
    try:
        yield Sink(port, process)
    finally:
        await stop_process(process)


@asynccontextmanager
async def worker_running(ground: Ground, core: int) -> AsyncIterator[None]:
    """The worker as shipped, on one core."""
    with (ground.folder / "worker.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *("taskset", "--cpu-list", str(core), sys.executable, "-m", "contract_server", "worker"),
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **ground.variables},
            stdout=output,
            stderr=output,
        )
    try:
        yield
    finally:
        await stop_process(process)


async def bare_loop(sink: Sink, kind: str, mails: int, milliseconds_each: float) -> float:
    """Mails a second."""
    sink.expect(mails, milliseconds_each)
    process = await asyncio.create_subprocess_exec(
        *("taskset", "--cpu-list", "0", sys.executable, "-m", "tests.bench.mail_loop"),
        *(str(sink.port), str(mails), kind),
        cwd=ROOT,
    )
    await process.wait()
    return await sink.per_second()


async def product(connection: asyncpg.Connection, sink: Sink, mails: int, milliseconds_each: float) -> float:
    """Mails a second."""
    words = render(TerminationAccepted(14), CONTACT_URL)
    await connection.execute("TRUNCATE outbox_mail")
    sink.expect(mails, milliseconds_each)
    await connection.execute(OWE, RECIPIENT, words.subject, words.body, mails)
    await connection.execute(WAKE)
    found = await sink.per_second()
    while await connection.fetchval("SELECT count(*) FROM outbox_mail WHERE state <> 'SENT' OR attempts <> 1"):
        await asyncio.sleep(0.05)  # the last ones are being noted
    return found


async def measure_rate(ground: Ground, sink: Sink) -> dict[str, float]:
    """Mails a second, medians of rounds in which all take turns."""
    rates = defaultdict[str, list[float]](list)
    async with worker_running(ground, core=0):
        await product(ground.connection, sink, WARM_UP, 0)
        for mails, each_ms in ((MAILS, 0.0), (SLOW_MAILS, SLOW_MS)):
            for _ in range(ROUNDS):
                for kind in ("bytes", "messages"):
                    rates[f"{kind}, {each_ms:g} ms"].append(await bare_loop(sink, kind, mails, each_ms))
                rates[f"product, {each_ms:g} ms"].append(await product(ground.connection, sink, mails, each_ms))
    return {name: statistics.median(each) for name, each in rates.items()}


async def measure_delay(ground: Ground, sink: Sink, people: list[dataset.Person]) -> dict[str, float]:
    """Milliseconds from the answer to terminateContract until the mail server has the mail."""
    answered = {}
    async with (
        started(["product"], ground.variables, ground.folder) as (server,),
        worker_running(ground, core=1),
        httpx.AsyncClient(base_url=server.base_url, timeout=30) as client,
    ):
        await product(ground.connection, sink, WARM_UP, 0)
        sink.expect(MUTATIONS)
        active = [person for person in people if not person.terminated]
        for person in active[:MUTATIONS]:
            request = Request.of("terminate", person.token, id=str(person.contract_id), key=str(person.number))
            await request.ask(client)
            answered[str(person.contract_id)] = time.monotonic()
            await asyncio.sleep(PAUSE_S)
        accepted = await sink.accepted()
    delays = sorted(1000 * (at - answered[message_id[1:37]]) for message_id, at in accepted)
    return {"p50_ms": statistics.median(delays), "p99_ms": delays[len(delays) * 99 // 100], "worst_ms": delays[-1]}


async def measure() -> dict[str, float]:
    """Both, on a database of their own."""
    with tempfile.TemporaryDirectory() as folder:
        async with laid_out(Path(folder)) as laid, sink_running() as sink:
            mail_server = {"SMTP_URL": f"smtp://127.0.0.1:{sink.port}?starttls=never"}
            ground = replace(laid, variables={**laid.variables, **mail_server})
            filled_at = datetime.now(UTC)  # noqa: TID251 - the moment at which the data was made
            people = await dataset.fill(ground.connection, MAILS, filled_at)
            return {**await measure_rate(ground, sink), **await measure_delay(ground, sink, people)}


def markdown(found: dict[str, float]) -> Iterator[str]:
    """The figures as they are shown."""
    yield "### mails\n"
    yield f"| who hands mails over | mails/s | of the loop | mails/s, server takes {SLOW_MS:g} ms | of the loop |"
    yield "| --- | --- | --- | --- | --- |"
    for name, title in TITLES.items():
        cells = [title]
        for server in ("0 ms", f"{SLOW_MS:g} ms"):
            rate = found[f"{name}, {server}"]
            cells += [f"{rate:,.0f}", f"{rate / found[f'messages, {server}']:.2f}"]
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield (
        f"From the answer to terminateContract until the mail server has the mail: p50 {found['p50_ms']:.1f} ms,"
        f" p99 {found['p99_ms']:.1f} ms, at worst {found['worst_ms']:.1f} ms."
    )


def main() -> dict[str, float]:
    """Measure, say it as Markdown, and return it."""
    found = asyncio.run(measure())
    for line in markdown(found):
        sys.stdout.write(f"{line}\n")
    return found


if __name__ == "__main__":
    main()
