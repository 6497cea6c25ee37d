"""What a log-in cannot do without: one argon2id verification, on the core that the servers have."""

import os
import time

from pwdlib.hashers.argon2 import Argon2Hasher


def verifications_per_second(seconds: float = 2) -> float:
    """How many of them the first core does, one after the other, with the product's own parameters."""
    hasher = Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    kept, done, ours = hasher.hash("a password"), 0, os.sched_getaffinity(0)
    os.sched_setaffinity(0, {0})
    try:
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            hasher.verify("a password", kept)
            done += 1
        return done / (time.perf_counter() - began)
    finally:
        os.sched_setaffinity(0, ours)
