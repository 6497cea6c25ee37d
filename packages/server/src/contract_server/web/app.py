"""The web application: the API, the pages, and the health endpoints."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from contract_server import logs
from contract_server.connections.body_limit import LARGEST_BODY, LimitOf
from contract_server.console.routes import console_routes, not_found_page
from contract_server.db.availability import READ_ONLY, transient_reason
from contract_server.db.connection import accepts_writes, database
from contract_server.db.migrate import pending_migrations
from contract_server.development.demo.time_travel import TimeTravel
from contract_server.development.mailbox import mailbox_routes
from contract_server.graphql.http.large_requests import LARGEST_REGISTRATION, may_be_large
from contract_server.graphql.http.view import GraphQLView
from contract_server.graphql.schema import build_schema
from contract_server.mail.wakeups import PostgresWakeUps
from contract_server.monitoring.metrics_endpoint import MetricsPort, metrics_route
from contract_server.monitoring.startup_checks import find_startup_problem
from contract_server.services import Services, build_services
from contract_server.settings import Settings
from contract_server.tracing import TRACING
from contract_server.web.documents import document_routes
from contract_server.web.guard import Guard
from contract_server.web.playground import playground_page, playground_routes
from contract_server.web.security_txt import security_txt_route
from contract_server.web.traced_requests import TracingMiddleware


def create_app(settings: Settings, *, processes: int = 1) -> Starlette:
    """Build the application of this process, or of the processes that will be forked from it.

    Each of these sets `app.state.process` to its index, which makes the difference between them.
    """
    logs.configure(settings.log_level)
    wake_ups = PostgresWakeUps()
    services = build_services(settings, wake_ups)
    metrics_ports = [MetricsPort(settings, index) for index in range(processes)]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        with TRACING.exporting(enabled=settings.tracing):
            async with database(settings), metrics_ports[app.state.process].serving(services):
                yield
                await wake_ups.close()
                await services.close()

    app = Starlette(
        routes=_routes(settings, services),
        lifespan=lifespan,
        exception_handlers={404: not_found_page(settings)},
        middleware=[
            Middleware(Guard, settings=settings, limit_of=_limit_of(services)),
            *([Middleware(TracingMiddleware)] if settings.tracing else []),
            Middleware(GraphQLShortcut, api=_api(settings, services)),
        ],
    )
    app.state.services = services
    app.state.process = 0
    return app


def _limit_of(services: Services) -> LimitOf:
    async def limit_of(scope: Scope) -> int:
        large = await may_be_large(Request(scope), services.service_accounts)
        return LARGEST_REGISTRATION if large else LARGEST_BODY

    return limit_of


def _routes(settings: Settings, services: Services) -> list[BaseRoute]:
    routes: list[BaseRoute] = [
        Route("/healthz", _healthz),
        Route("/readyz", _readyz),
        security_txt_route(services),
        *console_routes(settings),
        *document_routes(services),
    ]
    if settings.development:
        routes += [
            *playground_routes(),
            *(mailbox_routes(settings.mail_dir) if settings.mail_dir else []),
            metrics_route(services),  # production serves it on METRICS_PORT only
        ]
    return routes


def _api(settings: Settings, services: Services) -> ASGIApp:
    time_travel = TimeTravel(services) if settings.development else None
    view = GraphQLView(build_schema(development=settings.development), services, time_travel)
    return PlaygroundFallback(view) if settings.development else view


class GraphQLShortcut:
    """Passes API requests straight to the API; all other requests go through the routes, which takes longer."""

    def __init__(self, app: ASGIApp, api: ASGIApp) -> None:
        self._app = app
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        is_api_request = scope["type"] == "http" and scope["path"] == "/graphql"
        await (self._api if is_api_request else self._app)(scope, receive, send)


class PlaygroundFallback:
    """Serves the playground to browsers that open the API's address, and the API to all other clients."""

    def __init__(self, api: ASGIApp) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        request = Request(scope)
        has_no_query = request.method in ("GET", "HEAD") and "query" not in request.query_params
        if has_no_query and "text/html" in request.headers.get("accept", ""):
            response = await playground_page(request)
            await response(scope, receive, send)
        else:
            await self._api(scope, receive, send)


async def _healthz(_: Request) -> Response:
    """Liveness: the process is up."""
    return JSONResponse({"ok": True})


async def _readyz(request: Request) -> Response:
    """Readiness: the database takes writes, has this version's schema, and passes the startup checks."""
    services: Services = request.app.state.services
    try:
        async with asyncio.timeout(services.settings.request_deadline.total_seconds()):
            if pending := await pending_migrations(services.settings):
                return _not_ready("migrations are pending", pending=pending)
            if problem := await find_startup_problem(services.settings, services.policies):
                return _not_ready(problem)
            if not await accepts_writes():
                return _not_ready(READ_ONLY)
    except Exception as error:
        if reason := transient_reason(error):
            return _not_ready(reason)
        raise
    return JSONResponse({"ok": True})


def _not_ready(reason: str, **details: object) -> Response:
    return JSONResponse({"ok": False, "reason": reason, **details}, status_code=503)
