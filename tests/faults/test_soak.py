"""Thirty requests a second, and everything around the product fails at random: nothing that was promised is broken.

What a client was told is there; each change has its mail, in order, and a mail that comes twice is the same byte for
byte; what falls due is done, once and never early; no transaction stands idle, no connection is lost, and the server
needs no more memory at the end than in the middle.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.conftest import seeded_database
from tests.faults.conftest import Faults
from tests.faults.kept import kept_worker
from tests.faults.looking import looking_into
from tests.faults.rows import PERSONAL_ROWS
from tests.faults.soak_load import Load
from tests.faults.soak_people import Scheduled, is_born, whose_erasure_is_due, whose_service_ends
from tests.faults.soak_troubles import Troubles
from tests.faults.soak_watch import AWAY, Watch
from tests.notify.scripted_smtp import CERTIFICATE, ScriptedSmtp
from tests.server.running import Running, command, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.mail.queue import LEASE

PER_SECOND = 30
MAIL_OF = {"TERMINATION_REQUESTED": "termination_accepted", "RESUMED": "resumption_accepted"}

HISTORY = """
SELECT type, at FROM contract_event WHERE contract_id = $1 AND type <> 'STARTED' ORDER BY at, id
"""
ERASED_EARLY = """
SELECT count(*) FROM contract JOIN termination_application AS application ON contract_id = contract.id
 WHERE erased_at < erasure_at OR service_ended_at < service_end_at
"""
WAITING_IS_OVER = """
UPDATE outbox_mail SET lease_until = clock_timestamp(), next_attempt_at = clock_timestamp()
 WHERE state = 'PENDING' AND attempts > 0 AND (lease_until IS NULL OR lease_until < clock_timestamp() + $1)
"""
LONGEST_TRY = timedelta(seconds=15)
"""Nobody tries to send a mail for so long here, even where they are frozen meanwhile."""
HOURS_PASS_EVERY_S = 5
UNDONE = """
SELECT (SELECT count(*) FROM outbox_mail WHERE state = 'PENDING')
     + (SELECT count(*) FROM contract WHERE least(service_end_due_at, erasure_due_at) <= clock_timestamp())
"""
IN_TRANSACTION = """
SELECT count(*) FROM pg_stat_activity WHERE application_name = 'contract_server' AND state LIKE 'idle in transaction%'
"""


@dataclass
class Stage:
    """The product, and everything around it that is going to fail."""

    service: Running
    postgres: EmbeddedPostgres
    redis: EmbeddedRedis
    smtp: ScriptedSmtp


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Servers that keep what they have committed when they are killed."""
    postgres, redis = EmbeddedPostgres(tmp_path / "postgres"), EmbeddedRedis(tmp_path / "redis")
    try:
        await asyncio.to_thread(postgres.start)
        await asyncio.to_thread(redis.start)
        url = await seeded_database(postgres)
        async with ScriptedSmtp().running() as smtp:
            hasty = f"smtp://127.0.0.1:{smtp.port}?ca={CERTIFICATE}&reply_timeout=1&send_timeout=3"
            # an outage leaves more due here than the breaker lets pass without a person's word
            wide: dict[str, Any] = {"SMTP_URL": hasty, "ERASURE_BREAKER_CONTRACTS": "1000000"}
            async with running(url, redis.url, tmp_path, worker=False, **wide) as service:
                yield Stage(service, postgres, redis, smtp)
    finally:
        redis.remove()
        postgres.remove()


async def test_under_load_and_all_faults_at_random_no_promise_is_broken(
    stage: Stage, faults: Faults, capsys: pytest.CaptureFixture[str]
) -> None:
    dice, seconds, url = faults.dice("soak"), faults.figure(60, 3600), stage.service.database_url
    async with looking_into(url) as connection:
        # each one's mails go out in order, so that a few people's would wait for hours behind those that fail
        people = [await is_born(connection) for _ in range(faults.figure(40, 400))]
        moments = [timedelta(seconds=each) for each in range(1, seconds, 2)]
        ending = [await whose_service_ends(connection, moment) for moment in moments]
        expiring = [await whose_erasure_is_due(connection, moment) for moment in moments]

    load, watch = Load(stage.service.base_url, people, dice), Watch(url, stage.service.server.pid)
    around = [asyncio.create_task(each) for each in (watch.go_on(), hours_pass(url))]
    async with kept_worker(stage.service.variables, stage.service.folder) as worker:
        troubles = Troubles(stage.postgres, stage.redis, stage.smtp, worker, dice)
        failing = asyncio.create_task(troubles.go_on())
        await load.go_on(seconds, PER_SECOND)
        troubles.over.set()
        await failing
    await load.all_at_once(50)
    await load.until_all_are_answered()
    for each in around:
        each.cancel()

    async with looking_into(url) as connection:
        async with asyncio.timeout(faults.figure(300, 1800)):
            await settle(stage, connection)
        with capsys.disabled():
            print(
                f"\nsoak: {load.answered} answers, {load.unavailable} times 503, {len(stage.smtp.accepted)} mails,"
                f" {watch.longest_idle_s:.1f} s idle in a transaction at most,"
                f" {watch.megabytes_per_hour:+.1f} MB/h of memory in the second half; {dict(troubles.had)}"
            )
        assert load.unexpected == []
        await assert_changes_are_there(connection, load)
        await assert_mails_are_there(stage, load)
        await assert_what_was_due_is_done(connection, ending, expiring)
        assert await connection.fetchval(IN_TRANSACTION) == 0
    assert watch.longest_idle_s < 30
    if faults.chaos:
        assert watch.megabytes_per_hour < 1


async def hours_pass(database_url: str) -> None:
    """What takes hours comes soon, until cancelled: pauses after failed tries, and leases of those who were killed.

    Else, with so many troubles, nearly all mails would soon wait behind others, and hardly any be sent meanwhile.
    """
    while True:
        await asyncio.sleep(HOURS_PASS_EVERY_S)
        with suppress(*AWAY):  # the database is, now and then
            async with looking_into(database_url) as connection:
                await connection.execute(WAITING_IS_OVER, LEASE - LONGEST_TRY)


async def settle(stage: Stage, connection: asyncpg.Connection) -> None:
    """The next sweeps, when all is well again and nobody is left who sends anything."""
    while await connection.fetchval(UNDONE):
        await connection.execute(WAITING_IS_OVER, LEASE)
        status, _, errors = await command(stage.service.variables, "sweep")
        assert status == 0, errors


async def assert_changes_are_there(connection: asyncpg.Connection, load: Load) -> None:
    """Every change that was acknowledged, in the order of its versions, and no other."""
    assert load.acknowledged
    for contract_id, changes in load.acknowledged.items():
        told = [changes[version] for version in sorted(changes)]
        assert [row["type"] for row in await connection.fetch(HISTORY, contract_id)] == told
        assert sorted(changes) == list(range(2, 2 + len(changes)))


async def assert_mails_are_there(stage: Stage, load: Load) -> None:
    """A mail for every change, each contract's in order; whatever came twice is the same."""
    came: defaultdict[str, set[bytes]] = defaultdict(set)
    for mail in stage.smtp.accepted:
        came[BytesHeaderParser(policy=policy.default).parsebytes(mail.content)["Message-ID"]].add(mail.content)
    assert {name: len(copies) for name, copies in came.items() if len(copies) > 1} == {}
    order: defaultdict[str, list[str]] = defaultdict(list)
    for name in came:  # in the order in which they came first
        contract_id, version, kind = name.removeprefix("<").partition("@")[0].split(".")
        order[contract_id].append(f"{version}.{kind}")
    assert order == {
        contract_id: [f"{version}.{MAIL_OF[changes[version]]}" for version in sorted(changes)]
        for contract_id, changes in load.acknowledged.items()
    }


async def assert_what_was_due_is_done(
    connection: asyncpg.Connection, ending: list[Scheduled], expiring: list[Scheduled]
) -> None:
    """Once, and an erasure at its time or after it; an end of service is dated back to the day's end."""
    for due in ending:
        assert [row["type"] for row in await connection.fetch(HISTORY, due.contract_id)] == ["SERVICE_ENDED"]
    for due in expiring:
        notice, event = await connection.fetch(HISTORY, due.contract_id)
        assert (notice["type"], event["type"]) == ("ERASURE_DUE", "ERASED")
        assert event["at"] >= due.due_at
        assert await connection.fetchval(PERSONAL_ROWS, due.contract_id) == 0
    assert await connection.fetchval(ERASED_EARLY) == 0
