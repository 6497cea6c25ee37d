"""The device cookie outlives the session, and belongs to this host alone."""

from starlette.requests import Request
from starlette.responses import Response
from tests.server.asgi import production_with_no_database

from contract_server.graphql.device_cookie import device_cookie, set_device_cookie

PRODUCTION = production_with_no_database()
DEVELOPMENT = PRODUCTION.model_copy(update={"environment": "development"})


def test_the_cookie_is_read_under_the_name_of_its_environment() -> None:
    request = Request({"type": "http", "headers": [(b"cookie", b"device=a; __Host-device=b")]})
    assert device_cookie(request, DEVELOPMENT) == "a"
    assert device_cookie(request, PRODUCTION) == "b"


def test_scripts_and_other_sites_cannot_use_it_and_it_is_kept_for_as_long_as_browsers_keep_one() -> None:
    response = Response()
    set_device_cookie(response, PRODUCTION, "abc")
    cookie = response.headers["set-cookie"].lower()
    assert cookie.startswith("__host-device=abc;")
    assert {"httponly", "samesite=lax", "secure", "path=/", f"max-age={400 * 24 * 3600}"} <= set(cookie.split("; "))
