"""Responses for the page and its files, with a bundle of a few bytes."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from tests.server.asgi import UNREACHABLE_DATABASE

from contract_server.settings import EnvironmentName, Settings
from contract_server.web.guard import Guard
from contract_server.web.playground import playground_page, playground_routes

FILES = {
    "index.html": "<!doctype html><title>playground</title>",
    "playground-ABC.js": "export {};",
    "playground-ABC.css": "body { margin: 0 }",
    "icon-ABC.svg": "<svg/>",
    "codicon-ABC.ttf": "font",
    "licenses.txt": "MIT",
    "sources.sha256": "0" * 64,
}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle, next to a file that must stay private."""
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
async def http(bundle: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(environment=EnvironmentName.DEVELOPMENT, database_url=UNREACHABLE_DATABASE)
    app = Starlette(
        routes=[*playground_routes(bundle=bundle), Route("/graphql", partial(playground_page, bundle=bundle))],
        middleware=[Middleware(Guard, settings=settings)],
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def test_the_page_is_html_that_caches_ask_for_anew(http: httpx.AsyncClient) -> None:
    page = await http.get("/graphql")
    assert page.status_code == 200
    assert page.text == FILES["index.html"]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["vary"] == "Accept"


async def test_the_page_may_run_and_load_what_comes_from_its_own_origin_and_nothing_else(
    http: httpx.AsyncClient,
) -> None:
    policy = (await http.get("/graphql")).headers["content-security-policy"]
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))
    assert directives["default-src"] == "'none'"
    for directive in ("script-src", "style-src", "font-src", "connect-src", "worker-src"):
        assert directives[directive] == "'self'"
    assert directives["img-src"] == "'self' data:"
    for directive in ("base-uri", "form-action", "frame-ancestors"):
        assert directives[directive] == "'none'"
    assert directives["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in policy
    assert "http" not in policy


async def test_the_page_tells_how_to_build_it_when_nobody_has(http: httpx.AsyncClient, bundle: Path) -> None:
    (bundle / "index.html").unlink()
    page = await http.get("/graphql")
    assert page.status_code == 503
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert "make playground" in page.text


async def test_a_server_without_a_bundle_has_no_assets(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(Starlette(routes=playground_routes(bundle=tmp_path / "nowhere")))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert (await client.get("/graphql/assets/playground-ABC.js")).status_code == 404


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("playground-ABC.js", "text/javascript; charset=utf-8"),
        ("playground-ABC.css", "text/css; charset=utf-8"),
        ("icon-ABC.svg", "image/svg+xml"),
        ("codicon-ABC.ttf", "font/ttf"),
        ("licenses.txt", "text/plain; charset=utf-8"),
    ],
)
async def test_assets_come_with_their_type_and_may_be_kept_for_ever(
    http: httpx.AsyncClient, name: str, media_type: str
) -> None:
    asset = await http.get(f"/graphql/assets/{name}")
    assert asset.status_code == 200
    assert asset.text == FILES[name]
    assert asset.headers["content-type"] == media_type
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["x-content-type-options"] == "nosniff"


async def test_a_worker_script_may_load_nothing(http: httpx.AsyncClient) -> None:
    asset = await http.get("/graphql/assets/playground-ABC.js")
    assert asset.headers["content-security-policy"].startswith("default-src 'none'")


async def test_an_asset_that_the_browser_has_is_not_sent_again(http: httpx.AsyncClient) -> None:
    asset = await http.get("/graphql/assets/playground-ABC.js")
    again = await http.get("/graphql/assets/playground-ABC.js", headers={"If-None-Match": asset.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["cache-control"] == asset.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "..%5csecret.txt",
        "%2fetc%2fpasswd",
        "x/../../secret.txt",
        "playground-ABC.js%00.txt",
        "nothing.js",
        "sources.sha256",
        "index.html",
        "",
    ],
)
async def test_only_files_of_the_bundle_are_assets(http: httpx.AsyncClient, path: str) -> None:
    request = http.build_request("GET", "http://localhost/")
    request.url = request.url.copy_with(raw_path=f"/graphql/assets/{path}".encode())
    response = await http.send(request)
    assert response.status_code == 404
    assert "secret" not in response.text


async def test_assets_are_read_only(http: httpx.AsyncClient) -> None:
    response = await http.post("/graphql/assets/playground-ABC.js")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
