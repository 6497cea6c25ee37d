"""Security headers on every response, and no protocol but HTTP."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import ASGIApp, Message
from tests.server.asgi import production_with_no_database
from tests.server.in_process import served
from tests.server.running import Running

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
REQUESTS = [
    ("GET", "/graphql?query={__typename}", {}, 200),
    ("GET", "/graphql", {}, 400),
    ("POST", "/graphql", {"origin": "https://evil.example"}, 403),
    ("GET", "/nowhere", {}, 404),
    ("DELETE", "/graphql", {}, 405),
    ("POST", "/healthz", {}, 405),
    ("GET", "/graphql?query={__typename}", {"accept": "image/png"}, 406),
    ("POST", "/graphql", {"content-length": "99999999"}, 413),
    ("POST", "/graphql", {}, 415),
    ("GET", "/readyz", {}, 503),
    ("GET", "/graphql?query={policy{version}}", {}, 503),
    ("POST", "/graphql/nowhere", {"content-type": "application/json"}, 404),
]


@pytest.fixture(scope="module")
async def started() -> AsyncIterator[httpx.AsyncClient]:
    """Production while its database is unreachable."""
    async with served(production_with_no_database()) as client:
        yield client


@pytest.mark.parametrize(("method", "address", "headers", "status"), REQUESTS)
async def test_every_answer_carries_the_security_headers(
    started: httpx.AsyncClient, method: str, address: str, headers: dict[str, str], status: int
) -> None:
    response = await started.request(method, address, headers=headers)
    assert response.status_code == status
    assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert response.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert response.headers["x-request-id"]
    assert "server" not in response.headers


async def test_development_has_no_tls_to_insist_on(development: httpx.AsyncClient) -> None:
    response = await development.post("/graphql", json={"query": "{ __typename }"})
    assert response.status_code == 200
    assert "strict-transport-security" not in response.headers
    assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_there_are_no_web_sockets(shared: ASGIApp) -> None:
    sent: list[Message] = []
    scope = {
        "type": "websocket",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"sec-websocket-protocol", b"graphql-transport-ws")],
        "subprotocols": ["graphql-transport-ws"],
    }

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await shared(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_a_running_server_does_not_switch_protocols(service: Running) -> None:
    host, _, port = service.base_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET /graphql HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
    )
    async with asyncio.timeout(10):
        line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert line.split()[1] == b"400"
