"""What many contracts cost: finding what is due among millions, and erasing a million members in the middle of work."""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench import dataset
from tests.bench.dataset import Person
from tests.bench.ground import Ground, until_quiet
from tests.bench.load import load
from tests.bench.targets import started
from tests.bench.work import Home, write_requests
from tests.history import record_terms

from contract_rules import shipped_policies
from contract_server import logs
from contract_server.contracts import due
from contract_server.db.connection import database
from contract_server.db.statements import fetch
from contract_server.services import Services, build_services
from contract_server.settings import Settings
from contract_server.worker.sweep import sweep_once

LOOK_UPS = 300
DUE_AT_ONCE = 100
CONTRACTS_DUE = 1_000
MEMBERS_OF_EACH_DUE = 1_000
FOREGROUND_CONNECTIONS = 4

_MANY_CONTRACTS = """
    INSERT INTO contract (id, version, status, started_on, applications, service_end_due_at, erasure_due_at)
    SELECT uuidv7(), 1, CASE WHEN number % 10 = 0 THEN 'TERMINATED' ELSE 'ACTIVE' END, date '2023-04-01', 0, NULL,
           CASE WHEN number <= $2 THEN now() - interval '1 minute'
                WHEN number % 10 = 0 THEN now() + interval '1 day' + number * interval '1 second' END
      FROM generate_series(1, $1) AS number
"""
_MANY_MEMBERS = """
    INSERT INTO member (id, contract_id, name, email)
    SELECT uuidv7(), due.id, '会員 花子' || number, 'kaiin' || number || '@example.jp'
      FROM unnest($1::uuid[]) AS due (id), generate_series(1, $2) AS number
"""


@dataclass(frozen=True, slots=True)
class DueLookUp:
    """How long it takes to find a hundred due contracts among so many: for the sweep, and for an operator."""

    contracts: int
    sweep_ms: float
    operator_ms: float


@dataclass(frozen=True, slots=True)
class Erasure:
    """Members erased in a second: by the sweep, with evidence and all, and by one bare DELETE."""

    members: int
    swept_per_second: float
    bare_per_second: float
    p99_alone_ms: float
    p99_meanwhile_ms: float


async def due_look_ups(ground: Ground, sizes: list[int]) -> AsyncIterator[DueLookUp]:
    """The product's own look-up, among ever more contracts."""
    for size in sizes:
        await dataset.empty(ground.connection)
        await ground.connection.execute(_MANY_CONTRACTS, size, DUE_AT_ONCE, timeout=600)
        await ground.connection.execute("VACUUM (ANALYZE) contract", timeout=600)
        async with _services(ground):
            by = datetime.now(UTC)  # noqa: TID251 - when the look-up is made
            yield DueLookUp(
                size,
                sweep_ms=await _median_ms(due.FIND, by, [], DUE_AT_ONCE, by, by),
                operator_ms=await _median_ms(due.LIST, by, DUE_AT_ONCE),
            )


async def _median_ms(look_up: str, *values: object) -> float:
    took = []
    for _ in range(LOOK_UPS):
        began = time.perf_counter()
        found = await fetch(look_up, *values)
        took.append((time.perf_counter() - began) * 1000)
        if len(found) != DUE_AT_ONCE:
            raise SystemExit(f"{len(found)} were found, and {DUE_AT_ONCE} are due")
    return statistics.median(took)


async def erasure(ground: Ground, rounds: int) -> Erasure:
    """The two ways in turn, and then the sweep once more while people are served."""
    bare, swept = [], []
    for _ in range(rounds):
        fallen = await _fall_due(ground, await _fill(ground))
        began = time.perf_counter()
        await ground.connection.execute("DELETE FROM member WHERE contract_id = ANY ($1)", fallen, timeout=600)
        bare.append(time.perf_counter() - began)
        fallen = await _fall_due(ground, await _fill(ground))
        swept.append(await _sweep(ground, fallen))
    p99_alone, p99_meanwhile = await _foreground(ground, round(statistics.median(swept)) + 1)
    members = CONTRACTS_DUE * MEMBERS_OF_EACH_DUE
    return Erasure(
        members=members,
        swept_per_second=members / statistics.median(swept),
        bare_per_second=members / statistics.median(bare),
        p99_alone_ms=p99_alone,
        p99_meanwhile_ms=p99_meanwhile,
    )


async def _foreground(ground: Ground, seconds: int) -> tuple[float, float]:
    """The home query's p99 on four connections: alone, and while a million members are erased."""
    people = await _fill(ground)
    fallen = await _fall_due(ground, people)
    served = people[CONTRACTS_DUE:]
    work = Home(served, datetime.now(UTC))  # noqa: TID251 - not looked at here
    file = ground.folder / "foreground.requests"
    write_requests(work, FOREGROUND_CONNECTIONS, len(served), file)
    async with started(["product"], ground.variables, ground.folder) as (target,):
        await load(target, file, FOREGROUND_CONNECTIONS, 3)
        alone = await load(target, file, FOREGROUND_CONNECTIONS, seconds)
        async with asyncio.TaskGroup() as group:
            meanwhile = group.create_task(load(target, file, FOREGROUND_CONNECTIONS, seconds))
            group.create_task(_sweep(ground, fallen))
    return alone.p99_ms, meanwhile.result().p99_ms


async def _fill(ground: Ground) -> list[Person]:
    people = await dataset.fill(ground.connection, 10_000 + CONTRACTS_DUE, datetime.now(UTC))  # noqa: TID251 - as above
    await until_quiet(ground.connection)
    return people


async def _fall_due(ground: Ground, people: list[Person]) -> list[Any]:
    """The first thousand were to be erased a moment ago, and have a thousand members each."""
    due = [person.contract_id for person in people[:CONTRACTS_DUE]]
    connection = ground.connection
    now = datetime.now(UTC)  # noqa: TID251 - as above
    applied_at = now - timedelta(days=60)
    timeline = shipped_policies().in_force(applied_at.date()).timeline(applied_at)
    await connection.execute("DELETE FROM member WHERE contract_id = ANY ($1)", due)
    await connection.execute("DELETE FROM termination_application WHERE contract_id = ANY ($1)", due)
    await connection.execute(
        "UPDATE contract SET status = 'TERMINATED', version = 3, applications = 1, service_end_due_at = NULL,"
        " erasure_due_at = $2 WHERE id = ANY ($1)",
        *(due, timeline.erasure.at),
    )
    rows = (dataset.application_row(each, timeline, applied_at) | {"service_ended_at": now} for each in due)
    await dataset.copy(connection, "termination_application", rows)
    await connection.execute(_MANY_MEMBERS, due, MEMBERS_OF_EACH_DUE, timeout=600)
    for statement in ("VACUUM (ANALYZE) member", "VACUUM (ANALYZE) contract", "CHECKPOINT"):
        await connection.execute(statement, timeout=600)
    return due


async def _sweep(ground: Ground, due: list[Any]) -> float:
    """Seconds until everything due is done, by a worker on the first core that writes its log as shipped."""
    ours = os.sched_getaffinity(0)
    async with _services(ground) as services:
        os.sched_setaffinity(0, {0})
        try:
            with _log_of_a_worker(ground.folder / "sweep.log"):
                began = time.perf_counter()
                while not (await sweep_once(services)).complete:
                    pass
                took = time.perf_counter() - began
        finally:
            os.sched_setaffinity(0, ours)
    left = await ground.connection.fetchval("SELECT count(*) FROM member WHERE contract_id = ANY ($1)", due)
    erased = await ground.connection.fetchval("SELECT count(*) FROM contract WHERE status = 'ERASED'")
    if left or erased != len(due):
        raise SystemExit(f"{left} members are left, and {erased} contracts erased")
    return took


@contextmanager
def _log_of_a_worker(file: Path) -> Iterator[None]:
    """As long as this lasts, what is done is logged as it is in production."""
    with file.open("a") as log, redirect_stderr(log):
        logs.configure("INFO")
        yield
    logs.configure("WARNING")


@asynccontextmanager
async def _services(ground: Ground) -> AsyncIterator[Services]:
    settings = Settings.model_validate({name.lower(): value for name, value in ground.variables.items()})
    async with database(settings):
        services = build_services(settings)
        await record_terms()
        try:
            yield services
        finally:
            await services.close()
