"""The bundle: built from locked packages, reproducible, complete, and of a reasonable size."""

import json
import re
from pathlib import Path

import pytest
from tests.server.playground.sources import PROJECT, bundler

from contract_server.web.playground import BUNDLE


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """Build the bundle from the current sources."""
    bundler["build_if_outdated"]()


def test_what_is_built_from_the_same_sources_has_the_same_bytes(tmp_path: Path) -> None:
    bundler["run_npm"]("run", "--silent", "build", "--", str(tmp_path / "again"))
    again = {file.name: file.read_bytes() for file in (tmp_path / "again").iterdir()}
    assert again == {file.name: file.read_bytes() for file in BUNDLE.iterdir() if file.name in again}
    assert set(again) == {file.name for file in BUNDLE.iterdir()} - {"sources.sha256"}


def test_sources_that_have_not_changed_are_not_built_again() -> None:
    assert bundler["build_if_outdated"]() is False


def test_the_page_names_files_that_are_there_and_lie_on_its_own_origin() -> None:
    page = (BUNDLE / "index.html").read_text(encoding="utf-8")
    addresses = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert len(addresses) == 3
    for address in addresses:
        assert (BUNDLE / address.removeprefix("graphql/assets/")).is_file()


def test_the_page_holds_no_inline_script_or_style() -> None:
    page = (BUNDLE / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script[^>]*>([^<]*)</script>", page) == [""]
    assert "<style" not in page
    assert " style=" not in page
    assert " on" not in re.sub(r">[^<]*<", "><", page)


def test_nothing_is_shipped_but_what_the_page_needs() -> None:
    suffixes = sorted(file.suffix for file in BUNDLE.iterdir())
    assert suffixes == [".css", ".html", ".js", ".js", ".js", ".js", ".sha256", ".svg", ".ttf", ".txt"]
    assert not [file.name for file in BUNDLE.iterdir() if b"sourceMappingURL" in file.read_bytes()]
    assert sum(file.stat().st_size for file in BUNDLE.iterdir()) < 6_500_000


def test_every_bundled_package_brings_its_licence() -> None:
    notices = (BUNDLE / "licenses.txt").read_text(encoding="utf-8")
    interface = ("graphiql", "@graphiql/react", "@graphiql/plugin-explorer", "graphiql-explorer", "react", "react-dom")
    for package in (*interface, "monaco-editor", "monaco-graphql", "graphql"):
        assert re.search(rf"^{package} [\d.]+ \(MIT\)$", notices, re.MULTILINE), package


def test_the_lock_file_names_hashes_and_no_download_addresses() -> None:
    lock = json.loads((PROJECT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert not [name for name, package in packages.items() if not package["integrity"].startswith("sha512-")]


def test_packages_are_asked_for_by_their_exact_version() -> None:
    project = json.loads((PROJECT / "package.json").read_text(encoding="utf-8"))
    assert not [version for version in project["dependencies"].values() if not re.fullmatch(r"[\d.]+", version)]
