"""Tests of PgBouncer are left out where it is not installed."""

import pytest
from tests.operations.pgbouncer import PATH


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave them out."""
    if PATH is None:
        left_out = [item for item in items if item.get_closest_marker("pgbouncer")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that they were."""
    if PATH is None:
        terminalreporter.write_line("The tests of PgBouncer were left out: this machine has none.")
