"""Prometheus metrics. Labels are names of our own, never text that a person wrote.

Each process counts its own events. Values from the database are read on each scrape (`monitoring/metrics_endpoint.py`):
a value that the sweep refreshed would look best when the sweep has died.
"""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

disable_created_metrics()  # type: ignore[no-untyped-call] # creation times double the number of lines, and no alert uses them

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

REQUESTS = Counter(
    "contract_requests",
    "GraphQL requests, by their first root field and by what came of them.",
    ("operation", "outcome"),
    registry=REGISTRY,
)
REFUSALS = Counter(
    "contract_refusals",
    "Problems that mutations answered with, by their code.",
    ("operation", "reason"),
    registry=REGISTRY,
)
CONNECTIONS_REFUSED = Counter(
    "contract_connections_refused",
    "Connections refused because their peer had too many.",
    registry=REGISTRY,
)
MAILS = Counter(
    "contract_mails",
    "Tries to hand a mail to the mail server, by the mail's kind and by what came of it.",
    ("kind", "outcome"),
    registry=REGISTRY,
)
WEBHOOKS = Counter(
    "contract_webhooks",
    "Attempts to send a change to the endpoint of a webhook, by what came of it.",
    ("outcome",),
    registry=REGISTRY,
)
SWEEP_SECONDS = Histogram(
    "contract_sweep_duration_seconds",
    "How long the sweeps took that came to their end.",
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60),
    registry=REGISTRY,
)
SWEEP_FAILURES = Counter("contract_sweep_failures", "Sweeps that ended with an exception.", registry=REGISTRY)
ACTS_FAILED = Counter(
    "contract_acts_failed", "Contracts that a sweep could not do what was due for.", registry=REGISTRY
)

DATABASE_REACHABLE = Gauge(
    "contract_database_reachable",
    "1 where the database answered this very scrape; what follows from it is NaN where it did not.",
    registry=REGISTRY,
)
OLDEST_OVERDUE = Gauge(
    "contract_oldest_overdue_seconds",
    "How long the oldest act that is due, and on no hold, has been waiting; 0 when none is.",
    ("act",),
    registry=REGISTRY,
)
OLDEST_UNSENT_MAIL = Gauge(
    "contract_oldest_unsent_mail_seconds",
    "How long the oldest mail that is owed has been waiting; 0 when none is.",
    registry=REGISTRY,
)
SWEEP_AGE = Gauge(
    "contract_sweep_age_seconds",
    "How long ago a sweep came to its end, in any process; +Inf when none ever did.",
    registry=REGISTRY,
)
ERASURES_STOPPED = Gauge(
    "contract_erasures_stopped",
    "1 while the breaker holds back more erasures than it lets pass, and waits for an operator's word.",
    registry=REGISTRY,
)
ACTS_SET_ASIDE = Gauge(
    "contract_acts_set_aside",
    "Acts that are due and failed for so long that they wait for a person.",
    registry=REGISTRY,
)
ERASURES_UNCONFIRMED = Gauge(
    "contract_erasures_unconfirmed",
    "Erasures that other services have not confirmed in time, or of which they retain something for too long.",
    registry=REGISTRY,
)
WEBHOOKS_DISABLED = Gauge(
    "contract_webhooks_disabled",
    "Endpoints of webhooks that get nothing, because they answered 410.",
    registry=REGISTRY,
)
WEBHOOKS_FAILED = Gauge(
    "contract_webhooks_failed",
    "Webhooks that failed permanently and were neither sent again nor dismissed since.",
    registry=REGISTRY,
)
CHANNEL_PAUSED = Gauge(
    "contract_channel_paused",
    "1 while this process finds the mail server, the ledger, the database's rights or the ticks at fault.",
    ("channel",),
    registry=REGISTRY,
)
POOL = Gauge(
    "contract_pool_connections",
    "Connections to the database that this process has open, by state, and how many it may have.",
    ("state",),
    registry=REGISTRY,
)
