"""Passwords are stored as argon2id hashes and compared in a small pool of threads.

A hash takes about 20 ms and 19 MiB, by design. The pool is bounded: without a bound, forty parallel log-ins would use
up the machine's memory. `fair_queue` bounds the log-ins that wait for it.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from contract_server.accounts.passwords.rules import compose

HASH_PREFIX = "$argon2id$v=19$m=19456,t=2,p=1$"
"""Every hash has the same costs: a different verification time would reveal whose hash it is."""

_HASH = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))


class PasswordHasher:
    """Hashes and verifies passwords, a few at a time."""

    def __init__(self, algorithm: PasswordHash = _HASH, *, threads: int = 2) -> None:
        self._algorithm = algorithm
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._dummy_hash = algorithm.hash("the password of nobody")
        self._dummy_is_running = False

    async def hash(self, password: str) -> str:
        """Hash a new password in its composed form."""
        composed = _bytes(compose(password))
        return await asyncio.wrap_future(self._pool.submit(self._algorithm.hash, composed))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Check a password against a hash. Without a hash, do the same work and return False."""
        work = self._pool.submit(self._matches, password, password_hash or self._dummy_hash)
        return await asyncio.wrap_future(work) and bool(password_hash)

    async def verify_dummy(self, password: str) -> None:
        """Do the work of `verify` for a refused log-in. At most one at a time, so that it delays no real one."""
        if self._dummy_is_running:
            return
        self._dummy_is_running = True
        try:
            await self.verify(password, None)
        finally:
            self._dummy_is_running = False

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password: str, password_hash: str) -> bool:
        """Compare the composed form, and then the raw form, of which older hashes were made."""
        forms = dict.fromkeys((_bytes(compose(password)), _bytes(password)))
        return any(self._algorithm.verify(form, password_hash) for form in forms)


def _bytes(password: str) -> bytes:
    """Encode a password. Any JSON string is allowed, even with a lone surrogate."""
    return password.encode(errors="surrogatepass")
