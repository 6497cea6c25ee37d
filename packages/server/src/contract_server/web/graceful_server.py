"""Serve the application until a stop signal, then stop without dropping a request.

uvicorn finishes the requests in progress, but it closes three kinds of connections that may still bring a request:
one in the accept backlog, one accepted a moment ago, and an idle keep-alive connection. This server waits shortly for
requests on all of them, answers with `Connection: close`, and then ends.
"""

import asyncio
import os
import socket
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette

from contract_server.connections.http_protocol import LimitedConfig, is_idle
from contract_server.settings import Settings

SHUTDOWN_TIMEOUT_S = 20
"""How long requests in progress may take during shutdown; each has its own, shorter deadline."""

IDLE_TIMEOUT_S = 1.0
"""How long idle connections may bring a last request during shutdown."""

BACKLOG = 2_048


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address, `::` for those of IPv4 too; connections wait in the backlog until the server runs.

    Raises:
        OSError: The address is in use, or does not belong to this machine.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, address = found[0][0], found[0][4][0]
    both = address == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=both)


def serve_until_stopped(
    app: Starlette, settings: Settings, listening: socket.socket, parent: int | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, or until the parent has ended, if one is given."""
    config = LimitedConfig(app, settings, backlog=BACKLOG, timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_S)
    GracefulServer(config, listening, parent).run(sockets=[listening])


def notify_ready() -> None:
    """Tell systemd that this process serves, if it waits for that: `Type=notify`."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor, suppress(OSError):
            supervisor.sendto(b"READY=1", address.replace("@", "\0", 1))


class GracefulServer(uvicorn.Server):
    """A uvicorn server that answers every connection made before it stops."""

    def __init__(self, config: uvicorn.Config, listening: socket.socket, parent: int | None = None) -> None:
        super().__init__(config)
        self._listening = listening
        self._parent = parent

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and report it to systemd."""
        await super().startup(sockets)
        notify_ready()

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop; a parent that was killed gives no signal."""
        is_orphan = self._parent is not None and os.getppid() != self._parent
        return await super().on_tick(counter) or is_orphan

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Refuse new connections, answer the existing ones, and end."""
        backlog = self._accept_backlog()
        for server in self.servers:
            server.close()
        for connection in backlog:
            await asyncio.get_running_loop().connect_accepted_socket(self._make_protocol, connection)
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_TIMEOUT_S):
                while any(map(is_idle, self.server_state.connections)):  # noqa: ASYNC110 - uvicorn has no event for it
                    await asyncio.sleep(0.01)
        await super().shutdown(sockets)

    def _accept_backlog(self) -> list[socket.socket]:
        """Accept all connections in the backlog; closing the listening socket would reset them."""
        connections = []
        with suppress(BlockingIOError):
            while True:
                connections.append(self._listening.accept()[0])
        return connections

    def _make_protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg] # as uvicorn
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
