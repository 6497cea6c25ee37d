"""The playground: GraphiQL as a page of our own origin, under the strictest policy that it works with."""

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

# No inline script or style, no evaluated text, no foreign address; text becomes markup or a worker's address
# only by way of the bundle's own policy (`playground`) and the sanitiser that it contains (`dompurify`).
# Images in `data:` are the editor's wavy lines under a mistake.
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

# By the name alone, not by what the machine's own table of types says.
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
}

_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The playground has not been built</title>
<h1>The playground has not been built</h1>
<p>Run <code>make playground</code> and load this page again. The API itself answers at this address.</p>
<p lang="ja"><code>make playground</code> を実行してから、この画面を読み込み直してください。
API はこのアドレスで動いています。</p>
</html>
"""


async def playground_page(_: Request, *, bundle: Path = BUNDLE) -> Response:
    """The page itself; where nobody has built it, a page that says how."""
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
    """What the page loads."""
    return [Mount("/graphql/assets", PlaygroundAssets(bundle))]


class PlaygroundAssets(StaticFiles):
    """The bundle's files. Their names carry their content's hash, so a browser may keep them for ever."""

    def __init__(self, bundle: Path) -> None:
        super().__init__(directory=bundle, check_dir=False)

    async def check_config(self) -> None:
        """A bundle that has not been built yet has no files: the page says so."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """One file, or 304 to who has it already."""
        media_type = _MEDIA_TYPES.get(Path(full_path).suffix)
        if media_type is None:
            raise HTTPException(404)
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        if "content-type" in response.headers:
            response.headers["Content-Type"] = media_type
        return response
