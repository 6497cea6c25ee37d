"""Forty-five days after the application nothing of a contract is left, wherever one looks, and all of another is there.

Two contractors live the same days over HTTP, with a worker running; one's erasure is on hold. What they and their
members are called, what they wrote, and what was kept about them is found afterwards for the one and not for the
other: in a full dump of the database, in its statistics, in Redis, in every log, in every file.

Mails go out by SMTP, as in production, and nothing is kept here of a mail that was sent. A mail folder, which is
development's, is left out on purpose: it stands for the mailboxes of those who were written to. The manual promises
that what is registered goes, 会員の登録情報を抹消, and a letter that was delivered is its receiver's. So erasure never
looks into that folder, and `resetDemo` empties it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis
from tests.conftest import seeded_database
from tests.faults.canary import Canary, Haystack
from tests.faults.conftest import Faults
from tests.faults.dumps import dump
from tests.faults.planting import canaries, plant
from tests.faults.time_passing import pass_time
from tests.faults.waiting import until
from tests.notify.scripted_smtp import CERTIFICATE, ScriptedSmtp
from tests.server.integration.registering import log_in_service, put
from tests.server.running import ACTIVE_CONTRACT, ASK_FOR_LINK, GRACE_CONTRACT, RESUME, Client, Running, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

Flock = dict[tuple[str, str], Canary]

TERMINATE = """
mutation ($id: ID!, $key: String) {
  terminateContract(input: { contractId: $id, idempotencyKey: $key, reason: OTHER }) { __typename }
}
"""
HOLD = """
mutation ($id: ID!, $reason: String!) { holdErasure(input: { contractId: $id, reason: $reason }) { __typename } }
"""
RELEASE = "mutation ($id: ID!) { releaseErasureHold(input: { contractId: $id }) { __typename } }"
SHOW = "query { viewer { name email contract { memberCount company { name address postalCode phoneNumber } } } }"

NAMES = {"account": ("name", "email"), "company": ("name", "address"), "member": ("name", "email")}
"""What is registered before anything is asked for."""


@dataclass
class Person:
    """A contractor, and the canaries of everything that is kept about them."""

    contract_id: str
    flock: Flock

    @property
    def email(self) -> str:
        return self.flock["account", "email"].text

    def word(self, table: str, column: str) -> str:
        return self.flock[table, column].text


@dataclass
class Stage:
    """The product with servers of its own, whose logs are among its files."""

    service: Running
    smtp: ScriptedSmtp
    redis: EmbeddedRedis
    connection: asyncpg.Connection


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    files = tmp_path / "files"
    (ledger := files / "ledger").mkdir(parents=True)
    with (
        EmbeddedPostgres(tmp_path / "postgres", durable=False, log=files / "postgresql.log") as postgres,
        EmbeddedRedis(tmp_path / "redis", durable=False, log=files / "redis.log") as redis,
    ):
        url = await seeded_database(postgres)
        async with ScriptedSmtp().running() as smtp:
            smtp_url = f"smtp://127.0.0.1:{smtp.port}?ca={CERTIFICATE}"
            async with running(
                url, redis.url, files, SMTP_URL=smtp_url, LEDGER_DIR=str(ledger), LOG_LEVEL="DEBUG"
            ) as service:
                connection = await asyncpg.connect(url)
                yield Stage(service, smtp, redis, connection)
                await connection.close()


async def test_of_an_erased_contract_nothing_is_left_anywhere_and_of_another_everything_is_there(
    stage: Stage, faults: Faults
) -> None:
    dice = faults.dice("45 days")
    gone, control = (Person(each, canaries(dice)) for each in (ACTIVE_CONTRACT, GRACE_CONTRACT))
    for person in (gone, control):
        await register(stage, person)
        await live(stage, person)
    async with stage.service.client() as operator:
        await operator.log_in("operator@example.jp")
        for person in (gone, control):
            await operator.ask(HOLD, id=person.contract_id, reason=person.word("contract", "hold_reason"))
        await operator.ask(RELEASE, id=gone.contract_id)
    await until(lambda: all_mails_sent(stage))
    letters = Haystack({mail.rcpt_to: mail.content for mail in stage.smtp.accepted})
    assert all(letters.shows(person.flock["account", "email"]) for person in (gone, control))

    await pass_time(stage.connection, timedelta(days=40))
    await until(lambda: all_links_are_forgotten(stage))
    for person in (gone, control):
        await plant(stage.connection, person.contract_id, person.flock)
    await stage.connection.execute("ANALYZE")  # statistics keep samples of what is there now
    await pass_time(stage.connection, timedelta(days=6))
    await until(lambda: is_erased(stage, gone))

    stored = Haystack({"database": await dump(stage.service.database_url)})
    elsewhere = Haystack(files(stage.service.folder) | await everything_in(stage.redis))
    for person in (gone, control):
        assert [place for place, canary in person.flock.items() if elsewhere.shows(canary)] == []
    assert [place for place, canary in gone.flock.items() if stored.shows(canary)] == []
    assert [place for place, canary in control.flock.items() if not stored.shows(canary)] == []


async def register(stage: Stage, person: Person) -> None:
    """People with names and addresses that can be recognised."""
    await plant(
        stage.connection,
        person.contract_id,
        {(table, column): person.flock[table, column] for table, columns in NAMES.items() for column in columns},
    )


async def live(stage: Stage, person: Person) -> None:
    """What a contractor does until they are gone: mistypes the password, logs in, looks, resumes, terminates."""
    async with stage.service.client() as client:
        await client.log_in(person.email, f"{person.word('account', 'name')} is no password")
        await client.ask(ASK_FOR_LINK, email=person.email)
        assert (await client.log_in(person.email))["__typename"] == "LoggedIn"
        await client.ask(SHOW)
        for change in (TERMINATE, RESUME, TERMINATE):
            await client.ask(change, id=person.contract_id)
        await client.ask(TERMINATE, id=person.contract_id, key=person.word("idempotent_answer", "key"))
        await be_registered(stage, client, person)


async def be_registered(stage: Stage, client: Client, person: Person) -> None:
    """What another service does meanwhile: it removes the members, and adds one."""
    await log_in_service(client, stage.service)
    answer = await put(
        client,
        [{"name": person.word("member", "name"), "email": "member@example.jp"}],
        contractId=person.contract_id,
        contractor={"name": person.word("account", "name"), "email": person.email},
        idempotencyKey=person.word("registration_request", "key"),
    )
    assert answer["__typename"] == "RegistrationPut", answer


async def all_mails_sent(stage: Stage) -> bool:
    return not await stage.connection.fetchval("SELECT count(*) FROM outbox_mail WHERE state <> 'SENT'")


async def all_links_are_forgotten(stage: Stage) -> bool:
    """The mails of half an hour, which are deleted whoever they are of."""
    return not await stage.connection.fetchval("SELECT count(*) FROM outbox_mail WHERE kind = 'password_reset'")


async def is_erased(stage: Stage, person: Person) -> bool:
    status: str = await stage.connection.fetchval("SELECT status FROM contract WHERE id = $1", person.contract_id)
    return status == "ERASED"


def files(folder: Path) -> dict[str, bytes]:
    """Every file that the product has written, the ledger of erasures and the logs of the servers too."""
    found = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found.keys() >= {"server.log", "worker.log", "postgresql.log", "redis.log"}
    return found


async def everything_in(redis: EmbeddedRedis) -> dict[str, bytes]:
    """All keys of Redis and all that is kept under them, as Redis itself writes them to a file."""
    async with Redis.from_url(redis.url, decode_responses=True) as connection:
        await connection.config_set("rdbcompression", "no")  # what is compressed is not found
        await connection.save()
        where = await connection.config_get("d*")
    found = (Path(where["dir"]) / where["dbfilename"]).read_bytes()
    assert b"arq:" in found
    return {"Redis": found}
