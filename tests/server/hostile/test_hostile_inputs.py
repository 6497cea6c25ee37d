"""No request made from the schema, and no header, holds the event loop for long, whether it is refused or read.

Without a database: what asks for it gets 503. `test_hostile_documents` asks the same with one.
"""

from datetime import timedelta

import pytest
from starlette.applications import Starlette
from tests.server.asgi import UNREACHABLE_DATABASE, URL, Exchange
from tests.server.hostile.heartbeat import LONGEST_HOLD, longest_hold
from tests.server.hostile.hostile import HostileRequest
from tests.server.hostile.hostile_headers import TEXTS, requests_of_many_lines, requests_with
from tests.server.hostile.hostile_inputs import VALUES, Target, other_requests, targets, ways

from contract_server.settings import EnvironmentName, Settings
from contract_server.web.app import create_app

pytestmark = pytest.mark.usefixtures("frozen_garbage")

REFUSED = {200, 206, 304, 400, 403, 404, 405, 406, 408, 413, 414, 415, 416, 421, 431}
NO_DATABASE = 503


@pytest.fixture(scope="module")
def open_app(tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    """An application that reads every field and every header, and whose errors suggest names."""
    return create_app(
        Settings(
            environment=EnvironmentName.DEVELOPMENT,
            database_url=UNREACHABLE_DATABASE,
            public_url=URL,
            mail_dir=tmp_path_factory.mktemp("mail"),
            trusted_proxies=("192.0.2.0/24", "127.0.0.0/8"),
            cors_origins=("https://partner.example",),
            request_deadline=timedelta(milliseconds=200),  # nothing here waits for a database that is not there
        )
    )


async def exchanged(app: Starlette, request: HostileRequest, what: str) -> Exchange:
    exchange = Exchange(app, {}, request.method, request.query_string, request.path, request.headers)
    held = await longest_hold(exchange.send([request.content]))
    assert held < LONGEST_HOLD, f"{what}: {held:.3f} s"
    assert exchange.status in REFUSED | {NO_DATABASE}, f"{what}: {exchange.status} {exchange.body[:300]!r}"
    return exchange


@pytest.mark.parametrize("target", targets(), ids=str)
async def test_no_value_of_an_input_holds_the_event_loop(open_app: Starlette, target: Target) -> None:
    for value in VALUES:
        for way in ways(target):
            await exchanged(open_app, way(target, value), f"{value}, {way.__name__}")


@pytest.mark.parametrize(("name", "request_"), other_requests().items(), ids=list(other_requests()))
async def test_no_member_of_a_request_holds_the_event_loop(
    open_app: Starlette, name: str, request_: HostileRequest
) -> None:
    await exchanged(open_app, request_, name)


@pytest.mark.parametrize("name", TEXTS)
async def test_no_header_holds_the_event_loop(open_app: Starlette, name: str) -> None:
    for what, request in requests_with(name):
        await exchanged(open_app, request, what)


async def test_no_number_of_headers_holds_the_event_loop(open_app: Starlette) -> None:
    for what, request in requests_of_many_lines():
        await exchanged(open_app, request, what)
