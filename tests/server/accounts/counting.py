"""Log-ins whose hashes are quick and counted."""

from dataclasses import dataclass, field
from threading import Event

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from contract_server.accounts.login import LogIns
from contract_server.accounts.models import Account
from contract_server.accounts.passwords import PasswordHasher
from contract_server.services import Services

PASSWORD = "omakase-demo-2026"
EMAIL = "active@example.jp"


class CountingHash(PasswordHash):
    """Argon2id at its least cost; knows against which hashes passwords were compared."""

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
class Counted:
    """Log-ins, and what was compared in them."""

    log_ins: LogIns
    algorithm: CountingHash = field(repr=False)
    kept: str

    @property
    def guesses(self) -> int:
        """How often a password was compared with the account's own."""
        return self.algorithm.compared_with.count(self.kept)

    @property
    def work(self) -> int:
        """How often anything was compared."""
        return len(self.algorithm.compared_with)


async def counted(services: Services, *, longest_queue: int = 10_000, **settings: object) -> Counted:
    """Log-ins by the services' database, for the account of `EMAIL`, with settings of one's own."""
    algorithm = CountingHash()
    kept = algorithm.hash(PASSWORD)
    await Account.filter(email=EMAIL).update(password_hash=kept)
    own = services.settings.model_copy(update=settings)
    passwords = PasswordHasher(algorithm, longest_queue=longest_queue)
    return Counted(LogIns(own, passwords, services.sessions, services.rate_limits), algorithm, kept)
