"""The alerts: what an operator is woken up for, once for Prometheus and for the operations page.

One fault is one alert: what is the same from every process, such as a value from the database, is aggregated.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple


class Alert(NamedTuple):
    """One alert: the PromQL that is true while something is wrong, and what to do then."""

    name: str
    meaning: str
    expression: str
    remedy: str
    lasting: str = "0s"
    """How long the expression must be true first."""


ALERTS = (
    Alert(
        "ContractProcessDown",
        "a process is down",
        'up{job="contract"} == 0 or absent(up{job="contract"})',
        "`journalctl -u 'contract-*'`; its last line says why",
        "2m",
    ),
    Alert(
        "ContractDatabaseAway",
        "the database is away",
        "min(contract_database_reachable) == 0",
        "servers answer 503 meanwhile; nothing is lost",
        "1m",
    ),
    Alert(
        "ContractErasureLate",
        "an erasure is late",
        'max(contract_oldest_overdue_seconds{act="ERASE"}) > 300',
        "`contract-server due`, then the worker's log",
    ),
    Alert(
        "ContractServiceEndLate",
        "an end of service is late",
        'max(contract_oldest_overdue_seconds{act="END_SERVICE"}) > 300',
        "`contract-server due`, then the worker's log",
    ),
    Alert(
        "ContractErasuresStopped",
        "the breaker has tripped",
        "max(contract_erasures_stopped) == 1",
        "`contract-server erasures plan`; approve it if it is intended",
    ),
    Alert(
        "ContractActionsFailed",
        "an action waits for a person",
        "max(contract_acts_set_aside) > 0",
        "`contract-server erasures plan` names the contracts",
    ),
    Alert(
        "ContractErasuresUnconfirmed",
        "another service has not confirmed an erasure",
        "max(contract_erasures_unconfirmed) > 0",
        "`contract-server doctor` names services and contracts: ask those who run them; nothing waits here",
    ),
    Alert(
        "ContractNoSweep",
        "no sweep ends",
        "min(contract_sweep_age_seconds) > 120",
        "are workers up, is Redis? `contract-server sweep` does without both",
    ),
    Alert(
        "ContractSweepsFail",
        "sweeps fail",
        "sum(increase(contract_sweep_failures_total[15m])) > 0 or sum(increase(contract_acts_failed_total[15m])) > 0",
        "the worker's log names the contracts",
    ),
    Alert(
        "ContractChannelPaused",
        "the surroundings are at fault",
        "max by (channel) (contract_channel_paused) == 1",
        "the log line `channel paused` says at which stage: the mail server, the ledger's folder, a missing `GRANT`, or"
        " Redis (`ticks`: the worker sweeps by itself)."
        " No mail and no contract loses an attempt meanwhile; work goes on by itself when the fault is repaired",
        "1m",
    ),
    Alert(
        "ContractMailsWait",
        "mails wait",
        "max(contract_oldest_unsent_mail_seconds) > 900",
        "the worker's log says at which stage the mail server refuses",
    ),
    Alert(
        "ContractMailFailed",
        "a mail failed permanently",
        'sum(increase(contract_mails_total{outcome="given_up"}[1h])) > 0',
        "`contract-server mails list`, then `mails retry` or, if the recipient knows in another way, `mails dismiss`",
    ),
    Alert(
        "ContractWebhookFailed",
        "a webhook failed permanently",
        "max(contract_webhooks_failed) > 0",
        "`contract-server doctor` names the endpoint; `webhooks retry` once it is well, or `webhooks dismiss`",
    ),
    Alert(
        "ContractWebhookDisabled",
        "an endpoint of a webhook is disabled, because it answered 410",
        "max(contract_webhooks_disabled) > 0",
        "`contract-server doctor` names it; `webhooks retry` enables it, `webhooks remove` ends it",
    ),
    Alert(
        "ContractInternalErrors",
        "internal errors",
        'sum(increase(contract_requests_total{outcome=~"internal_server_error|other"}[15m])) > 0',
        "the server's log has the request id",
    ),
    Alert(
        "ContractRequestsFail",
        "requests fail",
        'sum(rate(contract_requests_total{outcome=~"unavailable|too_slow|overloaded"}[5m]))'
        " / sum(rate(contract_requests_total[5m])) > 0.01",
        "the database, or `DATABASE_POOL_SIZE`",
    ),
    Alert(
        "ContractPoolFull",
        "the pool is full",
        'contract_pool_connections{state="in_use"} / ignoring(state) contract_pool_connections{state="limit"} > 0.9',
        "`DATABASE_POOL_SIZE`, or one more server",
        "5m",
    ),
    Alert(
        "ContractPasswordsGuessed",
        "passwords are being guessed",
        'sum(rate(contract_refusals_total{reason=~"TOO_MANY_ATTEMPTS|MAILED_LINK_REQUIRED"}[5m])) > 1',
        "limits hold; block the source at the proxy",
    ),
)


def prometheus_rules() -> str:
    """Return the alerts as a rules file of Prometheus."""
    return "\n".join(("groups:", "  - name: contract", "    rules:", *_rules(), ""))


def _rules() -> Iterator[str]:
    for alert in ALERTS:
        yield f"      - alert: {alert.name}"
        yield f"        expr: {json.dumps(alert.expression)}"  # a string of JSON is one of YAML
        yield f"        for: {alert.lasting}"
        yield "        labels: {severity: page}"
        yield "        annotations:"
        yield f"          summary: {json.dumps(alert.meaning)}"
        yield f"          description: {json.dumps(alert.remedy)}"
