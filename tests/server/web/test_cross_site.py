"""Requests that browsers send for other sites: every combination, and which ones are accepted."""

from itertools import product

import httpx
import pytest
from starlette.types import ASGIApp
from tests.server.asgi import Exchange, client_of

METHODS = ("GET", "POST", "PUT", "OPTIONS", "HEAD")
CONTENT_TYPES = (None, "application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
OWN, FOREIGN = "https://api.example", "https://evil.example"
ORIGINS = (None, OWN, FOREIGN, "null", "http://[", "https://api.example.evil.example", "https://api.example:8443")
SITES = (None, "same-origin", "none", "same-site", "cross-site", "anything")
MODES = (None, "navigate", "cors")


def request_headers(**values: str | None) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in values.items() if value is not None}


def status(method: str, content_type: str | None, origin: str | None, site: str | None, mode: str | None) -> int:
    """The expected status of a query that is well-formed otherwise."""
    from_another_site = site not in (None, "same-origin", "none") or (site is None and origin not in (None, OWN))
    follows_link = method == "GET" and site is not None and mode == "navigate"
    if from_another_site and not follows_link:
        return 403
    if method not in ("GET", "POST"):
        return 405
    if method == "POST" and content_type != "application/json":
        return 415
    return 200


async def test_exactly_the_promised_combinations_are_let_through(production_app: ASGIApp) -> None:
    statuses = set()
    for method, content_type, origin, site, mode in product(METHODS, CONTENT_TYPES, ORIGINS, SITES, MODES):
        headers = request_headers(content_type=content_type, origin=origin, sec_fetch_site=site, sec_fetch_mode=mode)
        query_string = b"query={__typename}" if method == "GET" else b""
        exchange = Exchange(production_app, headers | {"cookie": "__Host-session=token"}, method, query_string)
        await exchange.send([b'{"query": "{ __typename }"}'])
        assert exchange.status == status(method, content_type, origin, site, mode), exchange
        assert not [name for name in exchange.response_headers if name.startswith("access-control-")]
        statuses.add(exchange.status)
    assert statuses == {200, 403, 405, 415}


async def test_a_refusal_tells_a_front_end_what_happened(production: httpx.AsyncClient) -> None:
    response = await production.post("/graphql", json={"query": "{ __typename }"}, headers={"origin": FOREIGN})
    assert response.status_code == 403
    assert response.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN"}


@pytest.mark.parametrize("site", [None, "cross-site", "same-site"])
async def test_pages_of_a_named_origin_may_use_the_api(shared: ASGIApp, site: str | None) -> None:
    response = await client_of(shared).post(
        "/graphql",
        json={"query": "{ __typename }"},
        headers=request_headers(origin="https://partner.example", sec_fetch_site=site),
    )
    assert response.json() == {"data": {"__typename": "Query"}}
    assert response.headers["access-control-allow-origin"] == "https://partner.example"
    assert response.headers["access-control-allow-credentials"] == "true"
    assert "X-Request-ID" in response.headers["access-control-expose-headers"]
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize(("origin", "expected"), [("https://partner.example", 200), (FOREIGN, 403), ("null", 403)])
async def test_a_browser_that_asks_first_is_told_who_may(shared: ASGIApp, origin: str, expected: int) -> None:
    response = await client_of(shared).options(
        "/graphql",
        headers={
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type",
        },
    )
    assert response.status_code == expected
    assert response.headers.get("access-control-allow-origin") == (origin if expected == 200 else None)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("accept-language,authorization,content-type,x-request-id", 200),
        ("traceparent", 200),
        ("apollo-require-preflight,content-type", 200),
        ("X-Team", 200),
        ("x-other", 400),
    ],
)
async def test_pages_of_a_named_origin_may_send_the_headers_of_clients_and_those_of_the_setting(
    shared: ASGIApp, headers: str, expected: int
) -> None:
    response = await client_of(shared).options(
        "/graphql",
        headers={
            "origin": "https://partner.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": headers,
        },
    )
    assert response.status_code == expected


async def test_a_browser_that_asks_first_is_refused_where_no_origin_is_named(production: httpx.AsyncClient) -> None:
    response = await production.options(
        "/graphql", headers={"origin": FOREIGN, "access-control-request-method": "POST"}
    )
    assert response.status_code == 403
