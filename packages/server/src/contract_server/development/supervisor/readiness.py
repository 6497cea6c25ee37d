"""Wait until a server answers over HTTP."""

import asyncio

_POLL = 0.05
_ANSWER_LIMIT = 2.0


async def wait_until_ok(host: str, port: int, path: str) -> None:
    """Request `path` until the answer is 200."""
    while not await _answers_ok(host, port, path):  # noqa: ASYNC110 - another process cannot set our events
        await asyncio.sleep(_POLL)


async def _answers_ok(host: str, port: int, path: str) -> bool:
    try:
        async with asyncio.timeout(_ANSWER_LIMIT):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                request = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                status_line = await reader.readline()
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
    return status_line.split(b" ")[1:2] == [b"200"]
