"""Serve the pages and their files: the same bytes for all visitors, under the strictest policy that they allow."""

import json
import os
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import HTTPExceptionHandler, Scope

from contract_server.console.pages import NOT_FOUND, PAGES, Page
from contract_server.documents.receipt_terms import TERMS
from contract_server.settings import Settings

_STATIC = Path(__file__).parent / "static"
_EARLY = "early"

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
    return [
        *(_route(page, settings) for page in PAGES),
        Route("/console/receipt-terms.js", _receipt_terms),
        Mount("/console", _Assets(directory=_STATIC)),
    ]


def not_found_page(settings: Settings) -> HTTPExceptionHandler:
    """Answer a browser that asks for what does not exist with a page, and all other clients with a line of text."""
    body = NOT_FOUND.render(settings).encode()

    async def respond(request: Request, _: Exception) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return _html(body, 404)
        return PlainTextResponse("Not Found", 404)

    return respond


def _route(page: Page, settings: Settings) -> Route:
    body, early = page.render(settings).encode(), page.render_early(settings).encode()

    async def endpoint(request: Request) -> Response:
        if request.method == "POST":  # the browser's own: the script that sends forms had not loaded yet
            return RedirectResponse(f"{request.url.path}?{_EARLY}", 303)
        return _html(early if _EARLY in request.query_params else body)

    return Route(page.path, endpoint, methods=["GET", "POST"], name=f"console:{page.path}")


async def _receipt_terms(_: Request) -> Response:
    """The terms of a receipt as a module, so that the printed page and the mailed file have the same."""
    module = f"export const TERMS = {json.dumps(TERMS)};\n"
    return Response(module, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


def _html(body: bytes, status: int = 200) -> Response:
    return HTMLResponse(body, status, {"Content-Security-Policy": CONTENT_SECURITY_POLICY})


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
