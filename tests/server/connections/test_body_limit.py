"""Bodies that are too large, come in pieces, have a wrong length, or never end."""

import asyncio
from datetime import timedelta

import httpx
import orjson
import pytest
from starlette.types import ASGIApp, Message
from tests.server.asgi import Exchange, stream

from contract_server.connections.body_limit import LARGEST_BODY
from contract_server.headers import LONGEST_HEADER, LONGEST_HEADERS, LONGEST_URL, MOST_HEADERS
from contract_server.settings import Settings
from contract_server.web.app import create_app

BODY = orjson.dumps({"query": "{ __typename }"})


@pytest.mark.parametrize(("size", "status"), [(LARGEST_BODY, 200), (LARGEST_BODY + 1, 413), (20_000_000, 413)])
async def test_a_body_may_have_64_kib(production: httpx.AsyncClient, size: int, status: int) -> None:
    response = await production.post("/graphql", content=BODY.ljust(size), headers={"content-type": "application/json"})
    assert response.status_code == status


async def test_a_body_that_is_declared_too_large_is_not_read(production_app: ASGIApp) -> None:
    for length in (str(LARGEST_BODY + 1), "20000000", "9" * 5_000):
        exchange = await Exchange(production_app, {"content-length": length}).send([BODY])
        assert (exchange.status, exchange.messages_read) == (413, 0)


@pytest.mark.parametrize("length", ["-1", "1e3", "", "٣", "0x10"])
async def test_a_length_must_be_a_number(production_app: ASGIApp, length: str) -> None:
    assert (await Exchange(production_app, {"content-length": length}).send([BODY])).status == 400


async def test_zeros_before_a_length_count_for_nothing(production_app: ASGIApp) -> None:
    headers = {"content-type": "application/json", "content-length": str(len(BODY)).zfill(5_000)}
    assert (await Exchange(production_app, headers).send([BODY])).status == 200


async def test_a_body_without_a_length_is_read_as_far_as_the_limit(production_app: ASGIApp) -> None:
    chunk = b" " * 4096
    exchange = await Exchange(production_app, {"transfer-encoding": "chunked"}).send([chunk] * 5_000)
    assert (exchange.status, exchange.messages_read) == (413, LARGEST_BODY // len(chunk) + 1)


async def test_a_body_that_is_longer_than_declared_is_measured_itself(production_app: ASGIApp) -> None:
    exchange = await Exchange(production_app, {"content-length": "10"}).send([b" " * LARGEST_BODY, BODY])
    assert exchange.status == 413


async def test_a_body_may_come_in_pieces(production: httpx.AsyncClient) -> None:
    response = await production.post(
        "/graphql", content=stream(*(bytes([byte]) for byte in BODY)), headers={"content-type": "application/json"}
    )
    assert response.json() == {"data": {"__typename": "Query"}}


async def test_a_request_whose_client_leaves_midway_is_not_run(production_app: ASGIApp) -> None:
    exchange = await Exchange(production_app).send([BODY], complete=False)
    assert exchange.status is None


async def test_a_body_that_never_comes_is_given_up(production_settings: Settings) -> None:
    app = create_app(production_settings.model_copy(update={"request_deadline": timedelta(milliseconds=10)}))
    never = asyncio.Event()
    sent: list[Message] = []

    async def receive() -> Message:
        await never.wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    await app(Exchange(app).scope, receive, send)
    assert sent[0]["status"] == 408


async def test_an_address_may_have_8_kib(production: httpx.AsyncClient) -> None:
    for beginning, status in (("/graphql?query=%7B__typename%7D&", 200), ("/console?", 307), ("/nowhere/?", 404)):
        assert (await production.get(beginning.ljust(LONGEST_URL, "+"))).status_code == status
        assert (await production.get(beginning.ljust(LONGEST_URL + 1, "+"))).status_code == 414
    assert (await production.get("/".ljust(LONGEST_URL + 1, "a"))).status_code == 414


async def with_headers(app: ASGIApp, *more: tuple[bytes, bytes]) -> Exchange:
    return await Exchange(app, {"content-type": "application/json"}, more_headers=more).send([BODY])


async def test_a_header_may_have_8_kib_with_its_name(production_app: ASGIApp) -> None:
    for size, status in ((LONGEST_HEADER, 200), (LONGEST_HEADER + 1, 431), (LONGEST_HEADER * 10, 431)):
        exchange = await with_headers(production_app, (b"cookie", b"a" * (size - len("cookie"))))
        assert exchange.status == status
    assert "8 KiB" in exchange.json["errors"][0]["message"]


async def test_all_headers_together_may_have_32_kib_and_100_lines(production_app: ASGIApp) -> None:
    own = sum(map(len, ("content-type", "application/json", "host", "api.example")))
    quarter, rest = LONGEST_HEADERS // 4, LONGEST_HEADERS - own - 1
    lines = [(b"a", b"a" * (quarter - 1))] * 3
    remaining = rest - 3 * quarter
    assert (await with_headers(production_app, *lines, (b"a", b"a" * remaining))).status == 200
    assert (await with_headers(production_app, *lines, (b"a", b"a" * (remaining + 1)))).status == 431
    few = [(b"a", b"")] * (MOST_HEADERS - 2)
    assert (await with_headers(production_app, *few)).status == 200
    assert (await with_headers(production_app, *few, (b"a", b""))).status == 431
