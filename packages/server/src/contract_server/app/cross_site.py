"""No page of another site acts with a visitor's session."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from contract_server.app.refusals import refusal

_OWN = ("same-origin", "none")  # a page of ours, or the visitor's own hand


class CrossSiteCheck:
    """Refuses with 403 what a browser sends on behalf of another site, unless that site's origin is trusted."""

    def __init__(self, app: ASGIApp, trusted_origins: Collection[str]) -> None:
        self._app = app
        self._trusted = frozenset(trusted_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http" or self._is_welcome(scope["method"], Headers(scope=scope)):
            await self._app(scope, receive, send)
        else:
            refused = refusal(403, "Requests from other sites are not accepted.", code="FORBIDDEN")
            await refused(scope, receive, send)

    def _is_welcome(self, method: str, headers: Headers) -> bool:
        """No `Sec-Fetch-Site` and no `Origin`: not a browser, and no session that it would send against its will."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if origin in self._trusted or site in _OWN:
            return True
        if site is None:
            return origin is None or urlsplit(origin).netloc == headers.get("host")
        # following a link to a page is no misuse of it: the page it comes from cannot read the answer
        return method == "GET" and headers.get("sec-fetch-mode") == "navigate"
