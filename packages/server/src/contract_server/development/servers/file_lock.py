"""Locks that end with the last process that holds them, however that process ends."""

import fcntl
import os
import time
from pathlib import Path

_POLL = 0.02


class FileLock:
    """A lock on a file, with a note from its holder to other processes.

    The lock belongs to the open file, not to a process: a child that is given `fileno()` holds it too, and
    it is free again when all of them are gone. A crash or a power cut therefore leaves no lock behind, and a
    taken lock proves that a holder is alive. A process id in a file proves neither.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self, *, timeout: float = 0) -> bool:
        """Take the lock, waiting up to `timeout` seconds; return False if another process keeps it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(descriptor)
                    return False
                time.sleep(_POLL)
            else:
                self._descriptor = descriptor
                return True

    def fileno(self) -> int:
        """Descriptor of the open file, to pass to a child that also holds the lock."""
        if self._descriptor is None:
            raise ValueError("the lock is not held")
        return self._descriptor

    def write_note(self, text: str) -> None:
        """Write a note for other processes, valid while the lock is held."""
        os.ftruncate(self.fileno(), 0)
        os.pwrite(self.fileno(), text.encode(), 0)

    def read_note(self) -> str:
        """The holder's note; empty if there is none."""
        return self._path.read_text() if self._path.exists() else ""

    def release(self) -> None:
        """Release the lock. Children that hold it too keep it: closing does not unlock for them."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
