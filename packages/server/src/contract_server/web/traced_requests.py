"""Each request is a span, if tracing is on."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_server.headers import RequestHeaders
from contract_server.tracing import TRACING

API = "/graphql"


class TracingMiddleware:
    """Records a request as a child of the span in its `traceparent`. Other paths are free text, and not recorded."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_annotated(message: Message) -> None:
            if message["type"] == "http.response.start":
                TRACING.annotate(**{"http.response.status_code": message["status"]})
            await send(message)

        name = f"{scope['method']} {API if scope['path'] == API else 'page'}"
        with TRACING.span(name, RequestHeaders.of(scope).get(b"traceparent")):
            await self._app(scope, receive, send_annotated)
