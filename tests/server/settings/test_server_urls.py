"""The URLs of all servers are written alike, and each example leads to a connection with a real server."""

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote, urlsplit

import asyncpg
import pytest
from arq.connections import ArqRedis, create_pool
from arq.worker import Function, Worker
from pydantic import SecretStr, TypeAdapter, ValidationError
from redis.asyncio import Redis
from tests.notify.samples import a_mail
from tests.notify.scripted_smtp import CERTIFICATE, ScriptedSmtp

from contract_notify import delivery_from_url
from contract_server.db.connection import database
from contract_server.db.statements import fetch
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.settings import EnvironmentName, Settings, types
from contract_server.worker.queue import queue_name, redis_settings

AWKWARD = "p/a#s?s@w:o%r d+é&"
USER = "keiyaku@example.jp"
NAME = "job"
_SSL_REQUEST = 8
DOCUMENTED_ACL = ["~contract-server:*", "~arq:*", "+@all", "-@dangerous", "-@admin", "+info"]

REDIS = {
    "password alone": "redis://:{password}@127.0.0.1:{port}/0",
    "ACL user": "redis://{user}:{password}@127.0.0.1:{port}/0",
    "no database": "redis://{user}:{password}@127.0.0.1:{port}",
    "TLS": "rediss://{user}:{password}@localhost:{tls_port}/0?ca={ca}",
}
SMTP = {
    "STARTTLS": "smtp://{user}:{password}@127.0.0.1:{port}?ca={ca}",
    "no TLS": "smtp://127.0.0.1:{port}?starttls=never",
    "TLS": "smtps://{user}:{password}@127.0.0.1:{tls_port}?ca={ca}",
}
POSTGRES = {
    "without TLS": "postgresql://{user}:{password}@127.0.0.1:{port}/{database}",
    "TLS": "postgresql://{user}:{password}@localhost:{tls_port}/{database}?sslmode=verify-full&sslrootcert={ca}",
}
REFUSED = [
    f"{{scheme}}://user:{AWKWARD}@127.0.0.1/0",
    "{scheme}://user:secret@127.0.0.1:port/0",
    "{scheme}://user:secret@127.0.0.1/0#secret",
    "other://user:secret@127.0.0.1/0",
    "{scheme}://user:secret@/0",
]


def written(example: str, **values: object) -> SecretStr:
    """The example with these values, percent-encoded."""
    return SecretStr(example.format(**{name: quote(str(value), safe="") for name, value in values.items()}))


def settings_with(database_url: str = "postgresql://127.0.0.1/contracts", **urls: SecretStr) -> Settings:
    return Settings.model_validate({"environment": EnvironmentName.DEVELOPMENT, "database_url": database_url, **urls})


@asynccontextmanager
async def behind_tls(port: int, *, asked_for: bool = False) -> AsyncIterator[int]:
    """A port where TLS ends, in front of a server without TLS; a client of PostgreSQL asks for TLS first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)

    connections = set[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        if asked_for:
            await reader.readexactly(_SSL_REQUEST)
            writer.write(b"S")
            await writer.start_tls(context)
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=None if asked_for else context)
    yield server.sockets[0].getsockname()[1]
    server.close()
    if connections:
        await asyncio.wait(connections)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def redis_port(redis: EmbeddedRedis) -> AsyncIterator[int]:
    """A Redis with a user who has the documented rights, and the same password for the default user."""
    async with Redis.from_url(redis.url) as admin:
        await admin.execute_command("ACL", "SETUSER", USER, "reset", "on", f">{AWKWARD}", *DOCUMENTED_ACL)
        await admin.execute_command("ACL", "SETUSER", "default", f">{AWKWARD}")
        yield int(urlsplit(redis.url).port or 0)
        await admin.execute_command("ACL", "DELUSER", USER)


@pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")  # arq's own
@pytest.mark.parametrize("example", REDIS)
async def test_a_worker_has_all_rights_that_it_needs_in_redis(redis_port: int, example: str) -> None:
    async with behind_tls(redis_port) as tls_port:
        values = {"user": USER, "password": AWKWARD, "ca": CERTIFICATE, "port": redis_port, "tls_port": tls_port}
        settings = settings_with(redis_url=written(REDIS[example], **values))
        done = asyncio.Event()

        async def job(*_: Any, **__: Any) -> None:  # noqa: ANN401 - as arq calls it
            done.set()

        queue = queue_name(settings)
        pool: ArqRedis = await create_pool(redis_settings(settings), default_queue_name=queue)
        await pool.enqueue_job(NAME)
        worker = Worker(
            functions=[Function(NAME, job, 10, 0, keep_result_forever=False, max_tries=1)],
            redis_settings=redis_settings(settings),
            queue_name=queue,
            burst=True,
            handle_signals=False,
        )
        await worker.main()
        await worker.close()
        await pool.aclose()
        assert done.is_set()


@pytest.mark.parametrize("example", SMTP)
async def test_a_mail_reaches_the_mail_server(example: str) -> None:
    mail: EmailMessage = a_mail()
    async with ScriptedSmtp().running() as smtp, ScriptedSmtp(implicit_tls=True).running() as smtps:
        values = {"user": USER, "password": AWKWARD, "ca": CERTIFICATE, "port": smtp.port, "tls_port": smtps.port}
        settings = settings_with(smtp_url=written(SMTP[example], **values))
        assert settings.mail_url is not None
        delivery = delivery_from_url(settings.mail_url)
        await delivery.send(mail)
        await delivery.close()
        assert len(smtp.accepted + smtps.accepted) == 1


@pytest.fixture
async def awkward_database(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """A database with an awkward name, of a user with an awkward name and password."""
    admin = await asyncpg.connect(postgres.url)
    name = f"契約/{secrets.token_hex(4)}?"
    await admin.execute(f"CREATE ROLE \"{USER}\" LOGIN PASSWORD '{AWKWARD}'")
    await admin.execute(f'CREATE DATABASE "{name}" OWNER "{USER}"')
    yield name
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.execute(f'DROP ROLE "{USER}"')
    await admin.close()


@pytest.mark.parametrize("example", POSTGRES)
async def test_a_process_reaches_the_database(postgres: EmbeddedPostgres, awkward_database: str, example: str) -> None:
    port = urlsplit(postgres.url).port
    assert port is not None
    async with behind_tls(port, asked_for=True) as tls_port:
        values = {"user": USER, "password": AWKWARD, "ca": CERTIFICATE, "port": port, "tls_port": tls_port}
        url = written(POSTGRES[example], database=awkward_database, **values)
        async with database(settings_with(url.get_secret_value())):
            ((user, name),) = await fetch("SELECT current_user, current_database()")
    assert (user, name) == (USER, awkward_database)


async def test_a_private_authority_that_the_system_trusts_needs_no_option(
    redis_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    async with behind_tls(redis_port) as tls_port, ScriptedSmtp(implicit_tls=True).running() as smtps:
        values = {"user": USER, "password": AWKWARD, "tls_port": tls_port}
        pool = await create_pool(
            redis_settings(settings_with(redis_url=written(REDIS["TLS"].partition("?")[0], **values)))
        )
        await pool.aclose()
        delivery = delivery_from_url(f"smtps://127.0.0.1:{smtps.port}")
        await delivery.send(a_mail())
        await delivery.close()
        assert len(smtps.accepted) == 1


@pytest.mark.parametrize(("kind", "scheme"), [(types.RedisUrl, "redis"), (types.SmtpUrl, "smtp")])
@pytest.mark.parametrize("url", REFUSED)
def test_a_url_that_is_not_encoded_is_refused_and_not_quoted(kind: type, scheme: str, url: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        TypeAdapter[object](kind).validate_python(url.replace("{scheme}", scheme))
    message = refusal.value.errors()[0]["msg"]
    assert "expected" in message
    assert not {"secret", AWKWARD} & set(message.split("'"))
