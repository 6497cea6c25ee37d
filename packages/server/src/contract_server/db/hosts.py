"""Connect to the first host of a URL that answers and is fit, each within an equal share of the time.

asyncpg has one limit for all hosts, so a host that drops packets would leave no time for the others.
"""

from typing import Any
from urllib.parse import urlsplit

import asyncpg


class Hosts:
    """The hosts of one database, the one that served last first."""

    def __init__(self, dsn: str, *, timeout: float, **arguments: object) -> None:
        """Set the URL, the time for all hosts together, and what else `asyncpg.connect` takes."""
        self._urls = each_host(dsn)
        self._arguments = arguments | {"timeout": timeout / len(self._urls)}

    async def connect(self) -> Any:  # noqa: ANN401 - asyncpg ships no types
        """Open a connection.

        Raises:
            OSError: The last host does not answer.
            asyncpg.PostgresError: It refuses the connection.
            asyncpg.InternalClientError: It is not fit: a standby where changes are to be made.
        """
        *others, last = self._urls
        for url in others:
            try:
                return await self._connect(url)
            except (OSError, asyncpg.PostgresError, asyncpg.InternalClientError):
                continue
        return await self._connect(last)

    async def _connect(self, url: str) -> Any:  # noqa: ANN401 - as above
        connection = await asyncpg.connect(url, **self._arguments)
        self._urls.sort(key=lambda known: known != url)
        return connection


def each_host(url: str) -> list[str]:
    """Return the URL once for each of its hosts.

    >>> each_host("postgresql://user:a,b@db1:5432,db2/contracts")
    ['postgresql://user:a,b@db1:5432/contracts', 'postgresql://user:a,b@db2/contracts']
    """
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    return [parts._replace(netloc=f"{user}{at}{host}").geturl() for host in hosts.split(",")]
