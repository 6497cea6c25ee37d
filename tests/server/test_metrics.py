from prometheus_client import CollectorRegistry, generate_latest

from contract_server import metrics


def exposed() -> list[str]:
    registry: CollectorRegistry = metrics.REGISTRY
    return generate_latest(registry).decode().splitlines()


def test_every_metric_of_ours_has_a_description() -> None:
    described = {line.split()[2] for line in exposed() if line.startswith("# HELP contract_") and len(line.split()) > 3}
    typed = {line.split()[2] for line in exposed() if line.startswith("# TYPE contract_")}
    assert len(typed) == 19
    assert described == typed


def test_no_series_of_creation_times_is_exposed() -> None:
    metrics.REQUESTS.labels("policy", "ok").inc(0)
    assert not [line for line in exposed() if "_created" in line]
    assert [line for line in exposed() if line.startswith('contract_requests_total{operation="policy",outcome="ok"}')]
