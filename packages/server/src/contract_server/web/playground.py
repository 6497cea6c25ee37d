"""The playground: GraphiQL, served from our own origin under the strictest policy with which it works."""

import os
from pathlib import Path

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

BUNDLE = Path(__file__).parent / "static" / "playground"
_NOT_BUILT = (Path(__file__).parent / "playground_not_built.html").read_bytes()

# No inline script or style, no evaluated text, no foreign address. Text becomes markup or a worker's address only
# through the bundle's own policy (`playground`) and the sanitiser that it contains (`dompurify`).
# Images in `data:` are the editor's wavy lines under errors.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "trusted-types playground dompurify",
        "require-trusted-types-for 'script'",
    )
)

# by file name, because the machine's own table of types may differ
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
}


async def playground_page(_: Request, *, bundle: Path = BUNDLE) -> Response:
    """The page itself, or instructions to build it if the bundle is missing."""
    page = anyio.Path(bundle / "index.html")
    if not await page.is_file():
        return HTMLResponse(_NOT_BUILT, status_code=503, headers={"Vary": "Accept"})
    return FileResponse(
        page,
        media_type="text/html",
        headers={
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Cache-Control": "no-cache",
            "Vary": "Accept",
        },
    )


def playground_routes(*, bundle: Path = BUNDLE) -> list[BaseRoute]:
    """Routes of the files that the page loads."""
    return [Mount("/graphql/assets", PlaygroundAssets(bundle))]


class PlaygroundAssets(StaticFiles):
    """The bundle's files. Each name contains a hash of the content, so that browsers may cache them for ever."""

    def __init__(self, bundle: Path) -> None:
        super().__init__(directory=bundle, check_dir=False)

    async def check_config(self) -> None:
        """Accept a missing bundle: the page then shows how to build it."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """One file, or 304 if the browser has it."""
        media_type = _MEDIA_TYPES.get(Path(full_path).suffix)
        if media_type is None:
            raise HTTPException(404)
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        if "content-type" in response.headers:
            response.headers["Content-Type"] = media_type
        return response
