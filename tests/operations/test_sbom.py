"""`make sbom` lists what the lock file pins, completely and in valid CycloneDX."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def pinned() -> Iterator[tuple[str, str, set[str]]]:
    """Name, version and hashes of every requirement in the lock file."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for name, version, rest in re.findall(
        r"^([\w.-]+)==([^\s;]+)([^\n]*\n(?:    --hash[^\n]*\n)+)", text, re.MULTILINE
    ):
        yield name, version, set(re.findall(r"sha256:([0-9a-f]{64})", rest))


def hashes_of(component: dict[str, Any]) -> set[str]:
    found = [entry["hashes"] for entry in component["externalReferences"] if "hashes" in entry]
    return {digest["content"] for digests in [*found, component.get("hashes", [])] for digest in digests}


def test_every_dependency_of_the_lock_file_is_listed_with_its_version_and_hashes(tmp_path: Path) -> None:
    file = tmp_path / "sbom.json"
    subprocess.run(["make", "sbom", f"SBOM={file}"], cwd=ROOT, check=True, capture_output=True)  # noqa: S603, S607 - our own target
    bom = json.loads(file.read_text())
    assert bom["bomFormat"] == "CycloneDX"
    assert bom["metadata"]["component"]["name"] == "contract-server"
    listed = {(part["name"], part["version"], frozenset(hashes_of(part))) for part in bom["components"]}
    assert listed == {(name, version, frozenset(hashes)) for name, version, hashes in pinned()}
