"""Passwords, stored as argon2id hashes and verified in a small pool of threads.

A hash takes about 20 ms and 19 MiB, by design. The pool is bounded: without a bound, forty parallel log-ins would
use up the machine's memory. The queue before it is bounded too, because a flood of log-ins would fill it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

Result = TypeVar("Result")

HASH_PREFIX = "$argon2id$v=19$m=19456,t=2,p=1$"
"""Every hash has the same costs: a different verification time would reveal whose hash it is."""

_HASH = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))

LONGEST_QUEUE = 64


class TooBusy(Exception):
    """The queue of passwords to verify is full."""


class PasswordHasher:
    """Hashes and verifies passwords, a few at a time."""

    def __init__(
        self, algorithm: PasswordHash = _HASH, *, threads: int = 2, longest_queue: int = LONGEST_QUEUE
    ) -> None:
        self._algorithm = algorithm
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._slots = BoundedSemaphore(threads + longest_queue)
        self._dummy_slot = BoundedSemaphore(1)
        self._dummy_hash = algorithm.hash("the password of nobody")

    async def hash(self, password: str) -> str:
        """Hash a new password. The queue's bound does not apply: the caller is authorized to set the password."""
        return await asyncio.wrap_future(self._pool.submit(self._algorithm.hash, _bytes(password)))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Check a password against a hash. Without a hash, do the same work and return False.

        Raises:
            TooBusy: The queue is full.
        """
        is_correct = await self._submit(
            self._slots, self._algorithm.verify, _bytes(password), password_hash or self._dummy_hash
        )
        return is_correct and bool(password_hash)

    async def verify_dummy(self, password: str) -> None:
        """Do the work of `verify` for a refused log-in. At most one at a time, so that it delays no real one."""
        try:
            await self._submit(self._dummy_slot, self._algorithm.verify, _bytes(password), self._dummy_hash)
        except TooBusy:
            return

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _submit(self, slots: BoundedSemaphore, work: Callable[[bytes, str], Result], *args: object) -> Result:
        """Run work in the pool. If the caller is cancelled, the slot stays taken until the thread has finished."""
        if not slots.acquire(blocking=False):
            raise TooBusy
        future: Future[Result] = self._pool.submit(work, *args)  # type: ignore[arg-type]  # `work` takes these
        future.add_done_callback(lambda _: slots.release())
        return await asyncio.wrap_future(future)


def _bytes(password: str) -> bytes:
    """Encode a password. Any JSON string is allowed, even with a lone surrogate."""
    return password.encode(errors="surrogatepass")
