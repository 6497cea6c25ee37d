"""Clients of the pages, without a browser."""

import httpx
from starlette.applications import Starlette

from contract_server.console.routes import console_routes
from contract_server.settings import EnvironmentName, Settings


def client_of_pages(environment: EnvironmentName) -> httpx.AsyncClient:
    settings = Settings(
        environment=environment,
        database_url="postgresql://nobody@127.0.0.1/nothing",
        public_url="https://keiyaku.example.jp",
        mail_sender="no-reply@example.jp",
        secret_key="a key of the tests, thirty-two characters and more",
        contact_url='https://contact.example.jp/?a=1&b="2"',
    )
    transport = httpx.ASGITransport(Starlette(routes=console_routes(settings)))
    return httpx.AsyncClient(transport=transport, base_url="http://pages")
