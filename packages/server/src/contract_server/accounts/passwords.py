"""Passwords, kept as argon2id hashes and compared in a small pool of threads.

A hash costs some 20 ms and 19 MiB on purpose. Without a bound, forty log-ins at once would take the memory of
the machine; with it, they wait. And without a bound of those that wait, a flood would.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

Result = TypeVar("Result")

HASHED_AS = "$argon2id$v=19$m=19456,t=2,p=1$"
"""How every hash begins: one that took longer to verify would tell whose it is."""

_HASH = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))

LONGEST_QUEUE = 64


class TooBusy(Exception):
    """More passwords are waiting to be compared than anybody should wait for."""


class PasswordHasher:
    """Hashes and verifies, a few at a time."""

    def __init__(
        self, algorithm: PasswordHash = _HASH, *, threads: int = 2, longest_queue: int = LONGEST_QUEUE
    ) -> None:
        self._algorithm = algorithm
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._room = BoundedSemaphore(threads + longest_queue)
        self._room_for_pretence = BoundedSemaphore(1)
        self._nobodys_hash = algorithm.hash("the password of nobody")

    async def hash(self, password: str) -> str:
        """What to keep of a password. For those who have shown that they may choose one: it waits for its turn."""
        return await asyncio.wrap_future(self._pool.submit(self._algorithm.hash, _bytes(password)))

    async def verify(self, password: str, kept: str | None) -> bool:
        """Whether `password` is the one that `kept` was made of.

        With nothing kept, the same work is done as for an account that does not exist, and the answer is no.

        Raises:
            TooBusy: Too many are waiting.
        """
        hashed = kept or self._nobodys_hash
        right = await self._submit(self._room, self._algorithm.verify, _bytes(password), hashed)
        return right and bool(kept)

    async def pretend(self, password: str) -> None:
        """The same work as `verify`, for somebody who is refused anyway. At most one at a time, to hold up nobody."""
        try:
            await self._submit(self._room_for_pretence, self._algorithm.verify, _bytes(password), self._nobodys_hash)
        except TooBusy:
            return

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _submit(self, room: BoundedSemaphore, work: Callable[[bytes, str], Result], *given: object) -> Result:
        """Work in the pool. A caller who goes away leaves the room taken until the thread is done."""
        if not room.acquire(blocking=False):
            raise TooBusy
        future: Future[Result] = self._pool.submit(work, *given)  # type: ignore[arg-type]  # `given` is what it takes
        future.add_done_callback(lambda _: room.release())
        return await asyncio.wrap_future(future)


def _bytes(password: str) -> bytes:
    """Whatever can be typed into a JSON document can be a password, half a surrogate pair too."""
    return password.encode(errors="surrogatepass")
