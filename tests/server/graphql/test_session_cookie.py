"""The session token comes from a bearer header or from the cookie of this environment."""

import pytest
from starlette.requests import Request
from starlette.responses import Response
from tests.server.asgi import production_with_no_database

from contract_server.graphql.session_cookie import delete_session_cookie, session_token, set_session_cookie

PRODUCTION = production_with_no_database()
DEVELOPMENT = PRODUCTION.model_copy(update={"environment": "development"})


def request(**headers: str) -> Request:
    return Request({"type": "http", "headers": [(name.encode(), value.encode()) for name, value in headers.items()]})


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, None),
        ({"authorization": "Bearer abc"}, "abc"),
        ({"authorization": "bearer  abc "}, "abc"),
        ({"authorization": "Basic abc"}, None),
        ({"authorization": "Bearer "}, None),
        ({"cookie": "a=b; __Host-session=abc"}, "abc"),
        ({"cookie": "__Host-session=abc; __Host-session=def"}, "abc"),
        ({"cookie": "session=abc"}, None),
        ({"authorization": "Bearer abc", "cookie": "__Host-session=def"}, "abc"),
    ],
)
def test_the_token_of_a_request(headers: dict[str, str], token: str | None) -> None:
    assert session_token(request(**headers), PRODUCTION) == token


def test_development_has_no_tls_and_so_a_cookie_of_another_name() -> None:
    assert session_token(request(cookie="session=abc"), DEVELOPMENT) == "abc"
    assert session_token(request(cookie="__Host-session=abc"), DEVELOPMENT) is None


def test_scripts_and_other_sites_cannot_use_the_cookie_and_a_log_out_deletes_it() -> None:
    response = Response()
    set_session_cookie(response, PRODUCTION, "abc")
    delete_session_cookie(response, PRODUCTION)
    session, deleted = (value.lower() for name, value in response.headers.items() if name == "set-cookie")
    for cookie in (session, deleted):
        assert {"httponly", "samesite=lax", "secure", "path=/"} <= set(cookie.split("; "))
    assert session.startswith("__host-session=abc;")
    assert "max-age=0" in deleted
