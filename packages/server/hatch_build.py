# ruff: noqa: INP001 - hatchling's file beside pyproject.toml, not a module of a package
"""Puts the playground's bundle into what is published.

The wheel serves the playground without Node, so it must contain the bundle, built from the sources beside it.
An editable install is for work on this package: there `make playground` builds the bundle when it is wanted.
"""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PlaygroundHook(BuildHookInterface[Any]):
    """Builds the bundle before packing, unless it is there and up to date."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Called by hatchling before each build."""
        if version == "editable":
            return
        bundle = runpy.run_path(str(Path(self.root) / "playground" / "bundle.py"))
        try:
            bundle["build_if_outdated"]()
        except bundle["BundleError"] as error:
            self.app.abort(str(error))
