"""In whose name PostgreSQL runs, and what that somebody must be able to do."""

import os
import shutil
from pathlib import Path
from typing import Protocol, TypedDict

from contract_server.dev.errors import DevelopmentError
from contract_server.dev.wheels import find_postgres


class Identity(TypedDict, total=False):
    """How `subprocess` is told in whose name a program runs."""

    user: int
    group: int
    extra_groups: list[int]


class Runner(Protocol):
    """Somebody who can run PostgreSQL and owns the folder that it writes to."""

    @property
    def identity(self) -> Identity:
        """In whose name the programs are started."""

    def find_installation(self) -> Path:
        """The PostgreSQL installation that the runner can reach; asked for once a folder is made or found."""

    def make_folder(self, path: Path) -> None:
        """Put at `path` an empty folder that is the runner's alone."""

    def require_own(self, path: Path) -> None:
        """Refuse a folder that somebody else has made."""

    def give(self, path: Path) -> None:
        """Hand over a file that was written into such a folder."""

    def remove_folder(self, path: Path) -> None:
        """Remove the folder at `path`, if there is one, with all that is in it, wherever it really is."""


class Ourselves:
    """Whoever started this program, with everything where it was asked for."""

    @property
    def identity(self) -> Identity:
        """Our own."""
        return {}

    def find_installation(self) -> Path:
        """The wheel itself."""
        return find_postgres()

    def make_folder(self, path: Path) -> None:
        """A plain folder."""
        path.mkdir(mode=0o700)

    def require_own(self, path: Path) -> None:
        """Refuse what root has made: a link to where we may not go, or a folder of another owner."""
        if path.lstat().st_uid != os.geteuid():
            raise DevelopmentError(f"{path} belongs to another user: run this as that user, or remove it")

    def give(self, path: Path) -> None:
        """Nothing to do: it is ours already."""

    def remove_folder(self, path: Path) -> None:
        """The folder, if it is ours to remove."""
        if os.path.lexists(path):
            self.require_own(path)
            shutil.rmtree(path)
