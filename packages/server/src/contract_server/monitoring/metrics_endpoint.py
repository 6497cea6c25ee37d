"""The metrics endpoint for Prometheus: the counters of this process, and the backlog in the database.

In production it has a port of its own (`METRICS_PORT`), to which no proxy leads. On the public port it could not be
restricted by address, because all requests come from the proxy. Its connections and requests have the same limits.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contract_server import metrics
from contract_server.connections.body_limit import BodyLimit
from contract_server.connections.http_protocol import HEAD_TIMEOUT_S, LimitedConfig
from contract_server.db.availability import is_transient, lacks_schema
from contract_server.db.pool import pool_use
from contract_server.monitoring.backlog import UNKNOWN, read_backlog
from contract_server.services import Services
from contract_server.settings import Settings, SettingsError

DATABASE_TIMEOUT_S = 3.0
"""How long a scrape waits for the database; shorter than the scrape timeout of Prometheus."""


def metrics_route(services: Services) -> Route:
    """Return the route of `/metrics`."""

    async def page(_: Request) -> Response:
        await _refresh(services)
        return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", page)


async def _refresh(services: Services) -> None:
    """Update the gauges."""
    _refresh_pool()  # first, because the next step takes a connection
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_S):
            backlog = await read_backlog(services.clock)
    except Exception as error:
        if not (is_transient(error) or lacks_schema(error)):
            raise
        backlog = UNKNOWN
    metrics.DATABASE_REACHABLE.set(backlog is not UNKNOWN)
    metrics.OLDEST_OVERDUE.labels("ERASE").set(backlog.overdue_erasure)
    metrics.OLDEST_OVERDUE.labels("END_SERVICE").set(backlog.overdue_service_end)
    metrics.OLDEST_UNSENT_MAIL.set(backlog.unsent_mail)
    metrics.SWEEP_AGE.set(backlog.since_sweep)
    metrics.ERASURES_STOPPED.set(backlog.erasures_stopped)
    metrics.ACTS_SET_ASIDE.set(backlog.failed_actions)
    metrics.ERASURES_UNCONFIRMED.set(backlog.unconfirmed_erasures)
    metrics.WEBHOOKS_DISABLED.set(backlog.disabled_webhooks)
    metrics.WEBHOOKS_FAILED.set(backlog.failed_webhooks)


def _refresh_pool() -> None:
    if use := pool_use():
        metrics.POOL.labels("in_use").set(use.in_use)
        metrics.POOL.labels("idle").set(use.idle)
        metrics.POOL.labels("limit").set(use.limit)


class MetricsPort:
    """The metrics port of a process, if one is set: `METRICS_PORT` of the first, one more of the next."""

    def __init__(self, settings: Settings, process: int = 0, *, head_timeout: float = HEAD_TIMEOUT_S) -> None:
        """Open the port now, so that a port in use stops the start and not the first scrape.

        Raises:
            SettingsError: The port is in use or too high, or the host is not this machine.
        """
        self._head_timeout = head_timeout
        self._socket: socket.socket | None = None
        if settings.metrics_port is None:
            return
        port = settings.metrics_port + process
        family = socket.AF_INET6 if ":" in settings.metrics_host else socket.AF_INET
        try:
            self._socket = socket.create_server(
                (settings.metrics_host, port),
                family=family,
                dualstack_ipv6=settings.metrics_host == "::" and socket.has_dualstack_ipv6(),
            )
        except (OSError, OverflowError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a host name, or a port beyond 65535"
            raise SettingsError(
                f"METRICS_PORT: {settings.metrics_host} port {port} cannot be listened on"
                f" ({reason}); set a free port of this machine, another one for each process"
            ) from None

    @asynccontextmanager
    async def serving(self, services: Services) -> AsyncIterator[None]:
        """Answer scrapes while the block runs."""
        if self._socket is None:
            yield
            return
        listener = _Listener(
            LimitedConfig(
                BodyLimit(Starlette(routes=[metrics_route(services)]), services.settings.request_deadline),
                services.settings,
                head_timeout=self._head_timeout,
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        serving = asyncio.create_task(listener.serve(sockets=[self._socket]))
        try:
            yield
        finally:
            listener.should_exit = True
            await serving


class _Listener(uvicorn.Server):
    """A server inside a process that handles signals itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install no signal handlers."""
        yield
