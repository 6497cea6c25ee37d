"""What Prometheus reads of this process: its own counts, and what the database owes at this moment.

In production it stands on a port of its own (`METRICS_PORT`), which no proxy leads to, and nowhere else: whoever asks
from outside reaches the proxy, and behind a proxy everybody looks like the machine that it runs on.
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
from contract_server.db.availability import is_unavailable, lacks_schema
from contract_server.db.pool import pool_use
from contract_server.monitoring.backlog import UNKNOWN, read_backlog
from contract_server.services import Services
from contract_server.settings import Settings, SettingsError

PATIENCE_S = 3.0
"""How long a scrape waits for the database: less than Prometheus waits for the scrape."""


def metrics_route(services: Services) -> Route:
    """The page `/metrics`."""

    async def page(_: Request) -> Response:
        await _refresh(services)
        return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", page)


async def _refresh(services: Services) -> None:
    """Read what is not counted but looked up."""
    _tell_pool()
    try:
        async with asyncio.timeout(PATIENCE_S):
            vitals = await read_backlog(services.clock)
    except Exception as error:
        if not (is_unavailable(error) or lacks_schema(error)):
            raise
        vitals = UNKNOWN
    metrics.DATABASE_REACHABLE.set(vitals is not UNKNOWN)
    metrics.OLDEST_OVERDUE.labels("ERASE").set(vitals.overdue_erasure)
    metrics.OLDEST_OVERDUE.labels("END_SERVICE").set(vitals.overdue_service_end)
    metrics.OLDEST_UNSENT_MAIL.set(vitals.unsent_mail)
    metrics.SWEEP_AGE.set(vitals.since_sweep)
    metrics.ERASURES_STOPPED.set(vitals.erasures_stopped)
    metrics.ACTS_SET_ASIDE.set(vitals.set_aside)


def _tell_pool() -> None:
    """Before this scrape takes a connection itself."""
    if use := pool_use():
        metrics.POOL.labels("in_use").set(use.in_use)
        metrics.POOL.labels("idle").set(use.idle)
        metrics.POOL.labels("limit").set(use.limit)


class MetricsPort:
    """The port of this process where its metrics can be read, if the settings name one."""

    def __init__(self, settings: Settings) -> None:
        """Take the port, so that one that is taken already stops the start and not the first scrape.

        Raises:
            SettingsError: It is taken, or no port of this machine.
        """
        self._socket: socket.socket | None = None
        if settings.metrics_port is None:
            return
        family = socket.AF_INET6 if ":" in settings.metrics_host else socket.AF_INET
        try:
            self._socket = socket.create_server((settings.metrics_host, settings.metrics_port), family=family)
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no name of a machine"
            raise SettingsError(
                f"METRICS_PORT: {settings.metrics_host} port {settings.metrics_port} cannot be listened on"
                f" ({reason}); each process needs a port of its own, of this machine"
            ) from None

    @asynccontextmanager
    async def serving(self, services: Services) -> AsyncIterator[None]:
        """Answer scrapes as long as the block lasts."""
        if self._socket is None:
            yield
            return
        listener = _Listener(
            uvicorn.Config(
                Starlette(routes=[metrics_route(services)]),
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
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
    """A server inside a process that has signals, and a way of ending, of its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield
