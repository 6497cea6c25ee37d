"""Serve the pages and their files: the same bytes for all visitors, under the strictest policy that they allow."""

import os
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from contract_server.console.pages import PAGES, Page
from contract_server.settings import Settings

_STATIC = Path(__file__).parent / "static"

# scripts, styles and images are our own files; nothing inline, nothing foreign, nothing in a frame
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def console_routes(settings: Settings) -> list[BaseRoute]:
    """Routes of all pages, and of their scripts, styles and images."""
    return [*(_route(page, settings) for page in PAGES), Mount("/console", _Assets(directory=_STATIC))]


def _route(page: Page, settings: Settings) -> Route:
    body = page.render(settings).encode()

    async def endpoint(_: Request) -> Response:
        return HTMLResponse(body, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})

    return Route(page.path, endpoint, name=f"console:{page.path}")


class _Assets(StaticFiles):
    """Files that browsers cache but revalidate at each use, so that a new version is visible immediately."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """One file, or 304 if the browser has it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        return response
