"""Log-ins with fast hashes, whose comparisons are counted."""

import asyncio
from dataclasses import dataclass, field
from threading import Event

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from contract_server.accounts.fair_queue import FairQueue
from contract_server.accounts.login import Busy, InvalidCredentials, LogIns, MailedLinkRequired
from contract_server.accounts.models import Account
from contract_server.accounts.passwords.hasher import PasswordHasher
from contract_server.accounts.rate_limit_store import TooManyAttempts
from contract_server.services import Services

PASSWORD = "omakase-demo-2026"
EMAIL = "active@example.jp"
HERE, ELSEWHERE = "203.0.113.1", "203.0.113.2"


class CountingHash(PasswordHash):
    """Argon2id at its lowest cost, which records the hashes that passwords were compared with."""

    def __init__(self) -> None:
        super().__init__((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
        self.compared_with: list[str | bytes] = []
        self.may_go_on = Event()
        self.may_go_on.set()

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 - named as in pwdlib
        self.compared_with.append(hash)
        self.may_go_on.wait()
        return super().verify(password, hash)


@dataclass
class CountedLogIns:
    """Log-ins, and the comparisons in them."""

    log_ins: LogIns
    pauses: list[float]
    algorithm: CountingHash = field(repr=False)
    password_hash: str

    @property
    def guesses(self) -> int:
        """The number of comparisons with the account's own hash."""
        return self.algorithm.compared_with.count(self.password_hash)

    @property
    def comparisons(self) -> int:
        """The number of all comparisons."""
        return len(self.algorithm.compared_with)


async def count_log_ins(services: Services, *, share: int = 10_000, **settings: object) -> CountedLogIns:
    """Log-ins on the services' database for the account of `EMAIL`, with other settings."""
    algorithm = CountingHash()
    password_hash = algorithm.hash(PASSWORD)
    await Account.filter(email=EMAIL).update(password_hash=password_hash)
    changed = services.settings.model_copy(update=settings)
    queue = FairQueue(longest_line=10_000, share=share)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    log_ins = LogIns(
        changed,
        PasswordHasher(algorithm),
        services.sessions,
        services.rate_limits,
        services.devices,
        queue=queue,
        pause=pause,
    )
    return CountedLogIns(log_ins, pauses, algorithm, password_hash)


async def guess(
    counted: CountedLogIns,
    times: int,
    email: str = EMAIL,
    client_address: str = HERE,
    device_cookie: str | None = None,
) -> list[str]:
    """Try wrong passwords in parallel, and return the kinds of answers."""

    async def one(number: int) -> str:
        try:
            await counted.log_ins.log_in(
                email, f"wrong {number}", client_address=client_address, device_cookie=device_cookie
            )
        except (InvalidCredentials, TooManyAttempts, MailedLinkRequired, Busy) as error:
            return type(error).__name__
        return "let in"

    return await asyncio.gather(*(one(number) for number in range(times)))
