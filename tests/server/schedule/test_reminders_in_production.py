"""Reminders of a running service: sent when the clock is moved, and by a sweep."""

import asyncio
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import asyncpg
from tests.conftest import seeded_database
from tests.server.running import ACTIVE_CONTRACT, Running, command, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

TERMINATE = """
mutation ($id: ID!) { terminateContract(input: { contractId: $id }) {
  ... on ContractTerminated { contract { termination {
    timeline { resumption { at } serviceEnd { at } erasure { at } } } } } } }
"""
SUBJECTS = [
    "【おまかせログイン】サービス利用停止受理通知",
    "【おまかせログイン】利用再開のお手続き期限のご案内",
    "【おまかせログイン】利用再開のお手続き期限のご案内（最終）",
    "【おまかせログイン】サービス利用終了のお知らせ",
    "【おまかせログイン】登録情報抹消のご案内",
]


async def test_forty_six_days_in_a_moment_bring_every_reminder_with_its_own_date(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    async with (
        running(await seeded_database(postgres), redis.url, tmp_path, REMINDERS="true") as service,
        service.client() as client,
    ):
        await client.log_in("active@example.jp")
        terminated = (await client.ask(TERMINATE, id=ACTIVE_CONTRACT))["terminateContract"]["contract"]
        await service.mails(1)
        await client.advance(days=46)
        async with asyncio.timeout(30):
            while len(mails := await mails_to("active@example.jp", service)) < len(SUBJECTS):
                await asyncio.sleep(0.1)
    timeline = terminated["termination"]["timeline"]
    resumption, ends, erasure = (
        datetime.fromisoformat(timeline[name]["at"]) for name in ("resumption", "serviceEnd", "erasure")
    )
    assert [mail["Subject"] for mail in mails] == SUBJECTS
    day = timedelta(days=1)
    due = [resumption - 3 * day, resumption - day, ends, erasure - 7 * day]
    for mail, instant in zip(mails[1:], due, strict=True):
        assert instant <= mail["Date"].datetime < instant + timedelta(minutes=1)


async def test_a_sweep_from_the_command_line_owes_reminders_and_sends_them(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    url = await seeded_database(postgres)
    async with running(url, redis.url, tmp_path, worker=False, REMINDERS="true") as service:
        connection = await asyncpg.connect(url)
        ten_days = timedelta(days=10) // timedelta(microseconds=1)  # the contract was terminated three days ago
        await connection.execute("INSERT INTO test_clock (id, moved_by) VALUES (1, $1)", ten_days)
        await connection.close()
        for _ in range(2):
            assert (await command(service.variables, "sweep"))[0] == 0
        assert [mail["Subject"] for mail in await mails_to("grace@example.jp", service)] == SUBJECTS[1:2]


async def mails_to(address: str, service: Running) -> list[EmailMessage]:
    """List the mails in the folder to that address, oldest first."""
    return [mail for mail in await service.mails(0) if mail["To"] == address]
