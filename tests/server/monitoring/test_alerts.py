"""Alerts are defined once, name what the metrics have, and stand on the operations page as they are."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract_server import metrics
from contract_server.monitoring.alerts import ALERTS, Alert

PAGE = Path(__file__).parents[3] / "packages" / "server" / "docs" / "operations.md"
OF_PROMETHEUS = {"up"}


def table_of_the_page() -> Iterator[list[str]]:
    text = PAGE.read_text(encoding="utf-8").partition("## Alerts")[2].partition("\n\n|")[2].partition("\n\n")[0]
    for row in text.splitlines()[2:]:
        yield [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def test_the_operations_page_shows_every_alert_as_it_is() -> None:
    assert list(table_of_the_page()) == [
        [f"`{alert.name}`", alert.meaning, f"`{alert.expression}`", alert.lasting, alert.remedy] for alert in ALERTS
    ]


def labels_by_series() -> dict[str, set[str]]:
    """The labels of each series that a process exports, by the series' name."""
    counted = {"counter": "_total", "gauge": "", "histogram": "_count"}
    collectors = [each for each in vars(metrics).values() if hasattr(each, "_labelnames")]
    return {
        f"{family.name}{counted[family.type]}": set(collector._labelnames)  # noqa: SLF001 - no public name
        for collector in collectors
        for family in collector.describe()
    }


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_series_and_label_of_an_alert_exists(alert: Alert) -> None:
    labels = labels_by_series()
    series = re.findall(r"\b(up|contract_\w+)\b(?:\{(\w+)=)?", alert.expression)
    assert series
    for name, label in series:
        assert name in OF_PROMETHEUS or name in labels
        assert name in OF_PROMETHEUS or not label or label in labels[name]
