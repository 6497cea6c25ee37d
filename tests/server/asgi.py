"""Requests to an ASGI application without a network."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from pydantic import SecretStr
from starlette.types import ASGIApp, Message, Scope

from contract_server.settings import EnvironmentName, Settings

URL = "https://api.example"
UNREACHABLE_DATABASE = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
NO_MAIL_SERVER = SecretStr("smtp://127.0.0.1:1")


def production_with_no_database() -> Settings:
    """Settings of production with an unreachable database and mail server."""
    return Settings(
        environment=EnvironmentName.PRODUCTION,
        database_url=UNREACHABLE_DATABASE,
        public_url=URL,
        mail_sender="no-reply@example.jp",
        smtp_url=NO_MAIL_SERVER,
        secret_key=SecretStr("k3y-of-these-tests-4nd-no-others"),
    )


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=URL)


@dataclass
class Exchange:
    """One request to an application, message by message."""

    app: ASGIApp
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    query_string: bytes = b""
    path: str = "/graphql"
    more_headers: Iterable[tuple[bytes, bytes]] = ()  # in this order; a name may occur several times
    messages_read: int = 0  # how many messages the application has read
    status: int | None = None
    response_headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def send(self, chunks: Iterable[bytes], *, complete: bool = True) -> "Exchange":
        """Send the body in chunks; then, if it is not complete, disconnect."""
        remaining, ended = iter(chunks), asyncio.Event()

        async def receive() -> Message:
            self.messages_read += 1
            chunk = next(remaining, None)
            if chunk is not None:
                return {"type": "http.request", "body": chunk, "more_body": True}
            if complete and not ended.is_set():
                ended.set()
                return {"type": "http.request", "body": b""}
            if complete:
                await asyncio.Event().wait()  # the client stays connected and sends nothing more
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.response_headers = {name.decode(): value.decode() for name, value in message["headers"]}
            self.body += message.get("body", b"")

        await self.app(self.scope, receive, send)
        return self

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        return orjson.loads(self.body)

    @property
    def scope(self) -> Scope:
        named = {name for name, _ in self.more_headers}
        headers = ({} if b"host" in named else {"host": "api.example"}) | self.headers
        return {
            "type": "http",
            "http_version": "1.1",
            "method": self.method,
            "scheme": "https",
            "path": self.path,
            "raw_path": self.path.encode(),
            "root_path": "",
            "query_string": self.query_string,
            "headers": [*((name.encode(), value.encode()) for name, value in headers.items()), *self.more_headers],
            "client": ("192.0.2.1", 50_000),
            "server": ("api.example", 443),
        }


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
