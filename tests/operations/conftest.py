"""Tests that need a program of Debian, such as nginx or promtool, are left out where it is missing."""

import pytest
from tests.operations import container, nginx, pgbouncer, postgres_versions, prometheus

LEFT_OUT = {
    mark: word
    for mark, is_possible, word in (
        ("pgbouncer", pgbouncer.PATH is not None, "The tests of PgBouncer were left out: this machine has none."),
        ("nginx", nginx.PATH is not None, "The tests of nginx were left out: this machine has none."),
        ("promtool", prometheus.PATH is not None, "The tests of Prometheus' rules were left out: promtool is missing."),
        (
            "postgres15",
            postgres_versions.DEBIANS.exists(),
            "The test of PostgreSQL 15 was left out: this machine has no Debian package of it.",
        ),
        (
            "container",
            container.IS_POSSIBLE,
            f"The tests of the container image were left out: they need root, {', '.join(container.TOOLS)}.",
        ),
    )
    if not is_possible
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave them out."""
    left_out = [item for item in items if any(item.get_closest_marker(mark) for mark in LEFT_OUT)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that they were."""
    for word in LEFT_OUT.values():
        terminalreporter.write_line(word)
