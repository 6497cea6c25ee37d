"""Passwords, kept as argon2id hashes and compared in a small pool of threads.

A hash costs some 20 ms and 19 MiB on purpose. Without a bound, forty log-ins at once would take the memory of
the machine; with it, they wait.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_HASH = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))


class PasswordHasher:
    """Hashes and verifies, a few at a time."""

    def __init__(self, threads: int = 2) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._nobodys_hash = _HASH.hash("the password of nobody")

    async def hash(self, password: str) -> str:
        """What to keep of a password."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _HASH.hash, password)

    async def verify(self, password: str, kept: str | None) -> bool:
        """Whether `password` is the one that `kept` was made of.

        With None, the same work is done for an account that does not exist, and the answer is no.
        """
        right = await asyncio.get_running_loop().run_in_executor(
            self._pool, _HASH.verify, password, kept or self._nobodys_hash
        )
        return right and kept is not None

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
