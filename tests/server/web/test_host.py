"""Requests are addressed to the host of `PUBLIC_URL`: a foreign name that resolves to this server gets nothing."""

import pytest
from starlette.types import ASGIApp
from tests.server.asgi import Exchange

PROBES = ("/healthz", "/readyz", "/metrics")
OTHERS = ("/", "/graphql", "/console/console.css", "/dev/mail", "/nowhere")
OWN = ("api.example", "API.example", "api.example:443", "api.example:8001")
FOREIGN = ("evil.example", "api.example.evil.example", "evil.example:443", "", ":443", "api.example@evil.example", "é")
ADDRESSES = ("127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000", "192.0.2.7:8000", "[2001:db8::7]")
LOOPBACK = ("localhost", "localhost:8000", "contracts.localhost")


async def status(app: ASGIApp, path: str, *hosts: str) -> int | None:
    lines = [(b"host", host.encode()) for host in hosts]
    exchange = await Exchange(app, method="GET", path=path, more_headers=lines).send([])
    return exchange.status


@pytest.mark.parametrize("host", [*FOREIGN, *ADDRESSES, *LOOPBACK])
async def test_production_serves_no_host_but_its_own(production_app: ASGIApp, host: str) -> None:
    assert [await status(production_app, path, host) for path in OTHERS] == [421] * len(OTHERS)


@pytest.mark.parametrize("host", OWN)
async def test_production_serves_its_own_host_on_any_port(production_app: ASGIApp, host: str) -> None:
    assert 421 not in [await status(production_app, path, host) for path in OTHERS]


@pytest.mark.parametrize("host", FOREIGN)
async def test_a_name_that_is_made_to_resolve_to_a_developers_machine_reaches_nothing(
    development_app: ASGIApp, host: str
) -> None:
    assert [await status(development_app, path, host) for path in OTHERS] == [421] * len(OTHERS)


@pytest.mark.parametrize("host", [*OWN, *ADDRESSES, *LOOPBACK])
async def test_development_serves_addresses_and_the_names_of_its_own_machine(
    development_app: ASGIApp, host: str
) -> None:
    assert 421 not in [await status(development_app, path, host) for path in OTHERS]


@pytest.mark.parametrize("host", [*OWN, *FOREIGN, *ADDRESSES, *LOOPBACK])
async def test_probes_by_address_are_answered(production_app: ASGIApp, host: str) -> None:
    assert 421 not in [await status(production_app, path, host) for path in PROBES]


async def test_a_request_names_one_host(production_app: ASGIApp) -> None:
    for path in (*PROBES, *OTHERS):
        assert await status(production_app, path, "api.example", "api.example") == 400


async def test_the_refusal_says_which_host_is_served(production_app: ASGIApp) -> None:
    exchange = await Exchange(production_app, {"host": "evil.example"}).send([b""])
    assert "api.example" in exchange.json["errors"][0]["message"]
