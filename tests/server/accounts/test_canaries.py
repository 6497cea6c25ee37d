"""Personal data and secrets are planted everywhere, and must not appear in logs, Redis and process arguments."""

import asyncio
import json
import os
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import redis.asyncio
from tests.conftest import seeded_database
from tests.processes import descendants_of
from tests.server.running import ACTIVE_CONTRACT, ASK_FOR_LINK, LOG_IN, PASSWORD, Client, Running, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

CANARY = "canary"
"""Part of every planted text, so that one search finds them all."""

TERMINATE = """
mutation ($key: String) {
  terminateContract(input: { contractId: "018f0000-0000-7000-8000-000000000001", idempotencyKey: $key }) {
    __typename
  }
}
"""
RESET_PASSWORD = """
mutation ($token: String!, $password: String!) {
  resetPassword(input: { token: $token, newPassword: $password }) { __typename }
}
"""
HOLD = """
mutation ($id: ID!, $reason: String!) {
  holdErasure(input: { contractId: $id, reason: $reason }) { __typename }
}
"""
NASTY = ("canary@example.jp\r\ncanary: forged", "canary\x00\x1b[31m", "canary\ud800", "canary\u2028")


async def test_logs_redis_and_process_arguments_hold_nothing_personal_and_each_line_is_json(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    database_url = await seeded_database(postgres)
    async with running(database_url, redis.url, tmp_path, LOG_LEVEL="DEBUG") as service:
        await plant_in_database(service)
        async with service.client() as client:
            for action in (log_in, forget_password, change_contract, hold, send_nonsense, break_database):
                await action(client, service)
        secrets = await planted_by_the_product(service)
        arguments = process_arguments()
        stored = await everything_in(redis)
    for server in ("postgres", "redis-server"):
        assert any(server in text for text in arguments)
    logs = service.log_lines()
    assert all(logs.values())
    lines = [line for log in logs.values() for line in log]
    for line in lines:
        assert isinstance(json.loads(line), dict), line
    assert any(json.loads(line).get("exception") == "IntegrityError" for line in lines)
    for text in [*lines, *stored, *arguments]:
        leaked = [secret for secret in secrets if secret in text]
        assert not leaked, text
    assert all(CANARY not in line for line in lines)


async def plant_in_database(service: Running) -> None:
    """Plant recognisable names, addresses and telephone numbers."""
    await execute(
        service.database_url,
        "UPDATE account SET name = 'canary 春子', email = 'canary.' || email",
        "UPDATE company SET name = 'canary 株式会社', address = 'canary 1-1', phone_number = '03-canary'",
        "UPDATE member SET name = 'canary 会員', email = 'canary.member@example.jp'",
    )


async def log_in(client: Client, _: Running) -> None:
    """Log in with right, wrong and malformed credentials."""
    for email in ("canary.nobody@example.jp", "canary.active@example.jp"):
        assert (await client.log_in(email, "canary password"))["code"] == "INVALID_CREDENTIALS"
    for text in NASTY:
        await send(client, LOG_IN, email=text, password=text)
    assert (await client.log_in("canary.active@example.jp"))["__typename"] == "LoggedIn"


async def forget_password(client: Client, service: Running) -> None:
    """Request a link, use it, and use invalid ones."""
    for email in ("canary.grace@example.jp", "canary.nobody@example.jp", *NASTY):
        await send(client, ASK_FOR_LINK, email=email)
    (token,) = await links(service)
    for shown, password in (("canary token", "canary new password"), (token, "canary new password")):
        await client.ask(RESET_PASSWORD, token=shown, password=password)
    await client.ask(RESET_PASSWORD, token="canary", password="canary")


async def change_contract(client: Client, _: Running) -> None:
    assert (await client.ask(TERMINATE, key="canary key"))["terminateContract"]["__typename"] == "ContractTerminated"


async def hold(_: Client, service: Running) -> None:
    """Place a hold with a personal reason, and with reasons that the database refuses."""
    async with service.client() as operator:
        await operator.log_in("canary.operator@example.jp")
        for reason in ("canary, see mail to canary@example.jp", *NASTY):
            await send(operator, HOLD, id=ACTIVE_CONTRACT, reason=reason)


async def send_nonsense(client: Client, _: Running) -> None:
    """Send malformed requests."""
    http = client.http
    sends: tuple[Callable[[], Awaitable[httpx.Response]], ...] = (
        lambda: http.post("/graphql", content=b'{"query": "canary'),
        lambda: http.post("/graphql", content=b"\xff canary", headers={"Content-Type": "application/json"}),
        lambda: http.post("/graphql", json={"query": '{ canary(canary: "canary@example.jp") }'}),
        lambda: http.post("/graphql", json={"query": "{ viewer { canary", "variables": "canary"}),
        lambda: http.post("/graphql", json={"query": "query ($canary: Int!) { policy { version } }"}),
        lambda: http.get("/graphql", params={"query": '{ contract(id: "canary") { id } }', "canary": "canary"}),
        lambda: http.get("/canary/canary@example.jp?token=canary"),
        lambda: http.request("CANARY", "/graphql"),
        lambda: http.post(
            "/graphql",
            json={"query": "{ viewer { id } }"},
            headers={
                "Authorization": "Bearer canary",
                "Cookie": "session=canary",
                "X-Request-ID": "canary@example.jp canary",
                "X-Forwarded-For": "canary",
                "User-Agent": "canary",
                "Accept-Language": "canary;q=canary",
            },
        ),
    )
    for send_one in sends:
        assert (await send_one()).status_code < 500


async def send(client: Client, query: str, **variables: str) -> None:
    """Send any text, escaped as JSON, even a lone surrogate."""
    content = json.dumps({"query": query, "variables": variables}).encode()
    response = await client.http.post("/graphql", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code < 500


async def break_database(client: Client, service: Running) -> None:
    """Make PostgreSQL refuse rows of the server and of the worker: its errors quote the whole row."""
    await execute(
        service.database_url,
        "ALTER TABLE outbox_mail ADD CONSTRAINT refused CHECK (lease_token IS NULL AND kind <> 'resumption_accepted')"
        " NOT VALID",
        "UPDATE outbox_mail SET state = 'PENDING', next_attempt_at = now() WHERE kind = 'termination_accepted'",
    )
    resume = f'resumeContract(input: {{ contractId: "{ACTIVE_CONTRACT}" }}) {{ __typename }}'
    assert await client.errors(f"mutation canary {{ canary: {resume} }}") == ["INTERNAL_SERVER_ERROR"]
    async with asyncio.timeout(30):
        while not any("IntegrityError" in line for line in service.log_lines()["worker"]):
            await asyncio.sleep(0.1)


async def planted_by_the_product(service: Running) -> list[str]:
    """Secrets that the product itself made: hashes, tokens, and texts of mails."""
    connection = await asyncpg.connect(service.database_url)
    try:
        bodies = [row["body"] for row in await connection.fetch("SELECT body FROM outbox_mail")]
        hashes = await connection.fetch("SELECT token_hash FROM session UNION SELECT password_hash FROM account")
    finally:
        await connection.close()
    tokens = await links(service)
    assert tokens
    return [CANARY, PASSWORD, *tokens, *(row[0] for row in hashes), *(body.splitlines()[0] for body in bodies if body)]


async def links(service: Running) -> list[str]:
    """The tokens of all mailed links."""
    bodies = [mail.get_content() for mail in await service.mails(1)]
    return [token for body in bodies for token in re.findall(r"/password/new#(\S+)", body)]


def process_arguments() -> list[str]:
    """The command lines of the product's processes: those that this test and its servers have started."""
    arguments = []
    for process in descendants_of(os.getpid()):
        with suppress(OSError):  # the process has ended
            arguments.append(Path(f"/proc/{process}/cmdline").read_text(errors="replace"))
    return arguments


async def everything_in(server: EmbeddedRedis) -> list[str]:
    """All keys of Redis and their values."""
    async with redis.asyncio.Redis(port=server.port, password=urlsplit(server.url).password) as connection:
        keys = [key async for key in connection.scan_iter()]
        dumps = [await connection.dump(key) or b"" for key in keys]
    return [text.decode(errors="replace") for text in (*keys, *dumps)]


async def execute(database_url: str, *statements: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
