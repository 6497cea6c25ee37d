"""The container image, built by Debian's buildah on a base that debootstrap makes, and run without a container engine.

Neither needs a registry or a daemon. A program of the image runs as an engine would run it: as process 1 of its own
namespace, as the image's user, with a read-only root.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".local" / "container"
BASE = "localhost/debian-python"
TOOLS = ("buildah", "debootstrap", "unshare")
IS_POSSIBLE = os.geteuid() == 0 and all(map(shutil.which, TOOLS))

LIKE_AN_ENGINE = """
set -e
root=$1 user=$2; shift 2
mount --bind "$root" "$root"
mount --options remount,bind,ro "$root"
mount --rbind /dev "$root/dev"
mount --types proc proc "$root/proc"
exec chroot --userspec="$user" --groups= "$root" "$@"
"""


@dataclass(frozen=True)
class Image:
    """The files and the configuration of an image."""

    files: Path
    config: dict[str, Any]

    def command(self, *words: str) -> list[str]:
        """The command line that runs a program of the image."""
        namespaces = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
        return [*namespaces, "sh", "-c", LIKE_AN_ENGINE, "sh", str(self.files), self.config["User"], *words]

    def entrypoint(self, *arguments: str) -> list[str]:
        return self.command(*self.config["Entrypoint"], *arguments)

    def health_check(self) -> list[str]:
        kind, *words = self.config["Healthcheck"]["Test"]
        assert kind == "CMD"
        return self.command(*words)

    def variables(self) -> dict[str, str]:
        return dict(variable.split("=", 1) for variable in self.config["Env"])


@contextmanager
def built_image(wheelhouse: Path) -> Iterator[Image]:
    """Build the image from `dist/` and a folder of locked wheels, and mount its files for the block."""
    if BASE not in buildah("images", "--format", "{{.Name}}").split():
        make_base()
    image = buildah(
        *("build", "--quiet", "--isolation", "chroot", "--network", "host", "--format", "docker"),
        *("--build-arg", f"PYTHON={BASE}", "--volume", f"{wheelhouse}:/locked:ro"),
        *("--build-arg", "PIP_NO_INDEX=1", "--build-arg", "PIP_FIND_LINKS=/locked"),
        *("--file", "packages/server/Dockerfile", "."),
    )
    container = buildah("from", image)
    try:
        config = json.loads(buildah("inspect", "--type", "image", image))["Docker"]["config"]
        yield Image(Path(buildah("mount", container)), config)
    finally:
        buildah("rm", container)
        buildah("rmi", image)


def make_base() -> None:
    """Make an image with Debian and its Python, in place of the official one of Python."""
    files = CACHE / "debian"
    shutil.rmtree(files, ignore_errors=True)
    run("debootstrap", "--variant=minbase", "--include=python3,python3-venv", "bookworm", str(files))
    shutil.rmtree(files / "var/cache/apt/archives")
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, str(files), "/")
    buildah("commit", "--quiet", "--rm", container, BASE)
    shutil.rmtree(files)


def buildah(*words: str) -> str:
    storage = ("--storage-driver", "vfs", "--root", str(CACHE / "storage"), "--runroot", str(CACHE / "run"))
    return run("buildah", *storage, *words)


def run(*words: str) -> str:
    """Run a command that must succeed; return its output."""
    CACHE.mkdir(parents=True, exist_ok=True)
    finished = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()
