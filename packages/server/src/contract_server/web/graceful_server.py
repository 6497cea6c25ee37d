"""Serving the application until it is told to stop, and then stopping without losing anybody.

uvicorn finishes the requests that are under way. Three kinds of connections it would cut, and here they are heard: one
that the kernel has made and nobody has accepted yet, one that was accepted a moment ago, and one that a client has
kept and may be asking on at this very moment. Each gets an answer, and is told that it was the last.
"""

import asyncio
import socket
from contextlib import suppress
from typing import Any

import uvicorn
from starlette.applications import Starlette

from contract_server.web.http_protocol import BoundedHeadProtocol

LONGEST_REQUEST_S = 20
"""How long requests under way may take to end; each has a deadline of its own, which comes earlier."""

PATIENCE_WITH_THE_SILENT_S = 1.0
BACKLOG = 2_048


def listen(host: str, port: int) -> socket.socket:
    """The address, taken: whoever connects from now on waits to be answered.

    Raises:
        OSError: It is taken already, or no address of this machine.
    """
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def serve_until_stopped(app: Starlette, listening: socket.socket) -> None:
    """Answer until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        app,
        http=BoundedHeadProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        backlog=BACKLOG,
        timeout_graceful_shutdown=LONGEST_REQUEST_S,
    )
    GracefulServer(config, listening).run(sockets=[listening])


class GracefulServer(uvicorn.Server):
    """A server that hears everybody who has reached it before it goes."""

    def __init__(self, config: uvicorn.Config, listening: socket.socket) -> None:
        super().__init__(config)
        self._listening = listening

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody new in, hear out who is there, and end."""
        waiting = self._waiting_at_the_door()
        for server in self.servers:
            server.close()
        for connection in waiting:
            await asyncio.get_running_loop().connect_accepted_socket(self._converse, connection)
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_WITH_THE_SILENT_S):
                while any(map(_is_silent, self.server_state.connections)):  # noqa: ASYNC110 - uvicorn tells nobody
                    await asyncio.sleep(0.01)
        await super().shutdown(sockets)

    def _waiting_at_the_door(self) -> list[socket.socket]:
        """Connections that were made before the door closed: it would close in their faces."""
        waiting = []
        with suppress(BlockingIOError):
            while True:
                waiting.append(self._listening.accept()[0])
        return waiting

    def _converse(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg] # as uvicorn
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def _is_silent(connection: Any) -> bool:  # noqa: ANN401 - one of uvicorn's, which share no class
    """Whether no request is under way on it."""
    silent: bool = connection.cycle is None or connection.cycle.response_complete
    return silent
