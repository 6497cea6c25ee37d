"""The user under which PostgreSQL runs, and what that user needs."""

import os
import shutil
from pathlib import Path
from typing import Protocol, TypedDict

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.wheels import find_postgres


class Identity(TypedDict, total=False):
    """Arguments of `subprocess` for the user under which a program runs."""

    user: int
    group: int
    extra_groups: list[int]


class Runner(Protocol):
    """A user who can run PostgreSQL and owns the folder that it writes to."""

    @property
    def identity(self) -> Identity:
        """The user under which programs are started."""

    def find_installation(self) -> Path:
        """The PostgreSQL installation that the user can reach; call it after a folder is made or found."""

    def make_folder(self, path: Path) -> None:
        """Make at `path` an empty folder that only the user can open."""

    def require_own(self, path: Path) -> None:
        """Raise `DevelopmentError` for a folder of another user."""

    def give(self, path: Path) -> None:
        """Make the user the owner of a file in such a folder."""

    def remove_folder(self, path: Path) -> None:
        """Remove the folder at `path` with its content, also behind a link; do nothing if there is none."""


class CurrentUser:
    """The user who started this program; all folders stay where they were asked for."""

    @property
    def identity(self) -> Identity:
        """No change of user."""
        return {}

    def find_installation(self) -> Path:
        """The installation inside the wheel."""
        return find_postgres()

    def make_folder(self, path: Path) -> None:
        """Make a plain folder."""
        path.mkdir(mode=0o700)

    def require_own(self, path: Path) -> None:
        """Refuse what root has made: a link to a folder that we cannot open, or a folder of another owner."""
        if path.lstat().st_uid != os.geteuid():
            raise DevelopmentError(f"{path} belongs to another user: run this as that user, or remove it")

    def give(self, path: Path) -> None:
        """Do nothing: the file is ours already."""

    def remove_folder(self, path: Path) -> None:
        """Remove the folder if it is ours."""
        if os.path.lexists(path):
            self.require_own(path)
            shutil.rmtree(path)
