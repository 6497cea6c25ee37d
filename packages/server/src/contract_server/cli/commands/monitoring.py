"""The command that shows the alerts, for people and for Prometheus."""

import sys
from typing import Annotated

import typer

from contract_server.cli.output import show_table
from contract_server.monitoring.alerts import ALERTS, prometheus_rules


def monitoring(
    rules: Annotated[bool, typer.Option("--rules", help="Write a rules file of Prometheus.")] = False,
) -> None:
    """Show the alerts: what each means, and what to do then. Needs no database.

    Example: contract-server monitoring --rules > rules.yml
    """
    if rules:
        sys.stdout.write(prometheus_rules())
    else:
        show_table(("alert", "means", "what to do"), [(alert.name, alert.meaning, alert.remedy) for alert in ALERTS])
