"""Debian's promtool, which judges rules as Prometheus itself does."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

PATH = shutil.which("promtool")


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert PATH is not None
    return subprocess.run([PATH, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - Debian's


def firing_test(series: Mapping[str, str], firing: list[str]) -> dict[str, object]:
    """A test of promtool: after half an hour of these series, exactly these alerts fire."""
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": "30m",
                "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in firing],
            }
        ],
    }


def write_tests(file: Path, rules: Path, tests: list[dict[str, object]]) -> None:
    """Write a file for `promtool test rules`: JSON is YAML."""
    file.write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": tests}))
