"""A PostgreSQL with a part of its data on a small file system, which a test fills."""

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from contract_server.development.servers.postgres import EmbeddedPostgres

MEGABYTES = 64
"""More than a new cluster has in any part, and little to fill."""

_CHUNK = b"\0" * 4096


class SmallDisk:
    """A file system in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filling = folder / "filling"

    def fill(self) -> None:
        """Take all that is free, until `free` gives it back."""
        with self._filling.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(_CHUNK)
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017 - the end of the loop

    def free(self) -> None:
        self._filling.unlink()


@contextmanager
def small_disk() -> Iterator[SmallDisk]:
    """Mount one for the block."""
    folder = Path(tempfile.mkdtemp())
    try:
        _mount(folder)
        try:
            yield SmallDisk(folder)
        finally:
            subprocess.run(["umount", folder], check=True)  # noqa: S603, S607 - a program of the system
    finally:
        folder.rmdir()


def _mount(folder: Path) -> None:
    command = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=711", "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - a program of the system


def _can_be_mounted() -> bool:
    if os.geteuid() == 0:
        with suppress(OSError, subprocess.CalledProcessError), small_disk():
            return True
    return False


CAN_BE_MOUNTED = _can_be_mounted()


class OnSmallDisk(EmbeddedPostgres):
    """A server with one folder of its cluster on that disk: `base` has the tables, `pg_wal` the write-ahead log."""

    def __init__(self, directory: Path, disk: SmallDisk, part: str) -> None:
        super().__init__(directory)
        self._disk = disk
        self._part = part

    def _initdb(self, home: Path) -> None:
        super()._initdb(home)
        part, moved = home / "cluster" / self._part, self._disk.folder / self._part
        shutil.copytree(part, moved)
        shutil.rmtree(part)
        part.symlink_to(moved)
        for path in (moved, *moved.rglob("*")):
            self._runner.give(path)
