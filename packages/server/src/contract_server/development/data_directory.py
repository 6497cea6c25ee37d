"""The folder of a development environment's data."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.file_lock import FileLock
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis


@dataclass(frozen=True)
class DataDirectory:
    """Data, logs and mails of one environment. One environment at a time uses it."""

    path: Path

    @property
    def variables_file(self) -> Path:
        """File with the addresses of the running environment, for other tools."""
        return self.path / "dev.env"

    @property
    def mails(self) -> Path:
        """Folder in which mails arrive."""
        return self.path / "mail"

    @property
    def ledger(self) -> Path:
        """Folder of the erasure ledger."""
        return self.path / "ledger"

    @property
    def logs(self) -> Path:
        """Folder of the databases' logs."""
        return self.path / "log"

    def postgres(self) -> EmbeddedPostgres:
        """The PostgreSQL of this folder."""
        return EmbeddedPostgres(self.path / "postgres", log=self.logs / "postgres.log")

    def redis(self) -> EmbeddedRedis:
        """The Redis of this folder."""
        return EmbeddedRedis(self.path / "redis", log=self.logs / "redis.log")

    @contextmanager
    def locked(self, base_url: str) -> Iterator[None]:
        """Lock the folder for the block; the lock's note contains the environment's URL for other processes.

        Raises:
            DevelopmentError: Another process uses the folder, or it cannot be used at all.
        """
        lock = FileLock(self._lock_file)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            acquired = lock.acquire()
        except OSError as error:
            raise DevelopmentError(f"{self.path} cannot be used: {error.strerror}") from None
        if not acquired:
            raise DevelopmentError(f"an environment runs already in {self.path}: {lock.read_note()}")
        try:
            lock.write_note(base_url)
            yield
        finally:
            lock.release()

    def remove(self) -> None:
        """Delete the environment's files here, and PostgreSQL's data outside.

        Raises:
            DevelopmentError: An environment is running.
        """
        if not self.path.exists():
            return
        with self.locked("its data is being removed"):
            self.postgres().remove()
            self.redis().remove()
            for folder in (self.mails, self.ledger, self.logs):
                shutil.rmtree(folder, ignore_errors=not folder.exists())
            for file in (self.variables_file, self._lock_file):
                file.unlink(missing_ok=True)
        if not any(self.path.iterdir()):
            self.path.rmdir()

    @property
    def _lock_file(self) -> Path:
        return self.path / "dev.lock"
