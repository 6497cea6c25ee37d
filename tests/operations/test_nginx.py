"""The documented nginx before the server: what the server relies on reaches it, and nothing else."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.conftest import migrated_database
from tests.operations.nginx import HOST, Ports, proxying
from tests.server.running import free_port, start, stop_process, until_ready

from contract_server.connections.body_limit import LARGEST_BODY
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.headers import LONGEST_HEADER, LONGEST_URL

pytestmark = pytest.mark.nginx

UNVERIFIED = ssl.create_default_context()
UNVERIFIED.check_hostname, UNVERIFIED.verify_mode = False, ssl.CERT_NONE


@asynccontextmanager
async def echoing() -> AsyncIterator[tuple[int, list[dict[str, str]]]]:
    """A server that keeps the headers of each request, and of which connection it was."""
    seen: list[dict[str, str]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            lines = [line.partition(": ") for line in head.decode().strip().split("\r\n")[1:]]
            port = writer.get_extra_info("peername")[1]
            seen.append({name.lower(): value for name, _, value in lines} | {"connection": str(port)})
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], seen
    server.close()


def client_of(ports: Ports) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"https://127.0.0.1:{ports.https}", headers={"Host": HOST}, verify=UNVERIFIED, timeout=30
    )


async def test_the_server_learns_the_clients_address_and_the_host_and_keeps_its_connection(tmp_path: Path) -> None:
    async with echoing() as (port, seen):
        with proxying(tmp_path, port, port) as ports:
            async with client_of(ports) as client:
                for _ in range(3):
                    await client.get("/", headers={"X-Forwarded-For": "192.0.2.1", "X-Request-ID": "forged"})
                assert (await client.get("/metrics")).status_code == 404
    assert {(request["host"], request["x-forwarded-for"]) for request in seen} == {(HOST, "127.0.0.1")}
    assert "forged" not in {request["x-request-id"] for request in seen}
    assert (len(seen), len({request["connection"] for request in seen})) == (3, 1)


async def test_a_change_that_a_server_does_not_answer_is_sent_to_no_other(tmp_path: Path) -> None:
    received = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        received += 1
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with proxying(tmp_path, port, port) as ports:
        async with client_of(ports) as client:
            assert (await client.post("/graphql", json={"query": "mutation { logOut { ok } }"})).status_code == 502
    assert received == 1
    server.close()


async def test_the_product_is_served_over_tls_alone_and_answers_for_its_own_limits(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    port = free_port()
    variables = {
        "DATABASE_URL": await migrated_database(postgres),
        "REDIS_URL": redis.url,
        "SMTP_URL": "smtp://127.0.0.1:1",
        "MAIL_SENDER": "no-reply@example.jp",
        "PUBLIC_URL": f"https://{HOST}",
        "SECRET_KEY": "a3f1c0d8b7e64952a1d0c3b2e5f60718",
        "TRUSTED_PROXIES": "127.0.0.1/32",
    }
    server = start(variables, tmp_path / "server.log", "serve", "--port", str(port))
    try:
        await until_ready(f"http://127.0.0.1:{port}")
        with proxying(tmp_path, port, port) as ports:
            async with client_of(ports) as client:
                answer = await client.post("/graphql", json={"query": "{ policy { name } }"})
                assert answer.json()["data"]["policy"]["name"]
                assert answer.headers["strict-transport-security"]
                plain = await client.get(f"http://127.0.0.1:{ports.http}/graphql?query=secret")
                assert (plain.status_code, plain.headers["location"]) == (301, f"https://{HOST}/graphql?query=secret")
                refused = {
                    413: await client.post("/graphql", json={"query": " " * LARGEST_BODY}),
                    414: await client.get("/graphql?query=" + "a" * LONGEST_URL),
                    431: await client.get("/graphql", headers={"X-A": "a" * LONGEST_HEADER}),
                }
                for status, response in refused.items():
                    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (
                        status,
                        "BAD_USER_INPUT",
                    )
    finally:
        await stop_process(server)
    assert "secret" not in (tmp_path / "access.log").read_text()
