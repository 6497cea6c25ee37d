"""An unexpected error reveals nothing, and a response that has begun is not followed by a second one."""

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.server.asgi import Exchange, production_with_no_database

from contract_server.web.guard import Guard


def failing_with(error: Exception, *, after_response: bool = False) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if after_response:
            await PlainTextResponse("begun")(scope, receive, send)
        raise error

    return Guard(app, production_with_no_database())


async def test_a_defect_is_answered_with_500_and_without_its_text() -> None:
    exchange = await Exchange(failing_with(ValueError("a secret")), {"accept-language": "en"}).send([])
    assert exchange.status == 500
    assert exchange.json["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert b"secret" not in exchange.body


async def test_an_unavailable_database_is_answered_with_503_and_a_time_to_retry() -> None:
    exchange = await Exchange(failing_with(ConnectionRefusedError("a secret"))).send([])
    assert (exchange.status, exchange.response_headers["retry-after"]) == (503, "5")
    assert b"secret" not in exchange.body


async def test_an_error_after_the_response_has_begun_is_raised() -> None:
    exchange = Exchange(failing_with(ValueError("late"), after_response=True))
    with pytest.raises(ValueError, match="late"):
        await exchange.send([])
    assert exchange.body == b"begun"
