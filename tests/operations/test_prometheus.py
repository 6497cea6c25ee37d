"""The rules of `contract-server monitoring --rules`: Prometheus takes them, and each fires at its own fault."""

from pathlib import Path

import pytest
from tests.operations.prometheus import firing_test, promtool, write_tests
from tests.server.running import command

from contract_server.monitoring.alerts import ALERTS

pytestmark = pytest.mark.promtool

HEALTHY = {
    'up{job="contract"}': "1+0x30",
    "contract_database_reachable": "1+0x30",
    'contract_oldest_overdue_seconds{act="ERASE"}': "0+0x30",
    'contract_oldest_overdue_seconds{act="END_SERVICE"}': "0+0x30",
    "contract_erasures_stopped": "0+0x30",
    "contract_acts_set_aside": "0+0x30",
    "contract_erasures_unconfirmed": "0+0x30",
    "contract_webhooks_disabled": "0+0x30",
    "contract_webhooks_failed": "0+0x30",
    "contract_sweep_age_seconds": "5+0x30",
    "contract_sweep_failures_total": "0+0x30",
    "contract_acts_failed_total": "0+0x30",
    'contract_channel_paused{channel="ledger"}': "0+0x30",
    "contract_oldest_unsent_mail_seconds": "0+0x30",
    'contract_mails_total{outcome="given_up"}': "0+0x30",
    'contract_requests_total{outcome="answered"}': "0+600x30",
    'contract_requests_total{outcome="internal_server_error"}': "0+0x30",
    'contract_requests_total{outcome="too_slow"}': "0+0x30",
    'contract_pool_connections{state="in_use"}': "1+0x30",
    'contract_pool_connections{state="limit"}': "10+0x30",
    'contract_refusals_total{reason="TOO_MANY_ATTEMPTS"}': "0+0x30",
}
FAULTS = {
    "ContractProcessDown": {'up{job="contract"}': "0+0x30"},
    "ContractDatabaseAway": {"contract_database_reachable": "0+0x30"},
    "ContractErasureLate": {'contract_oldest_overdue_seconds{act="ERASE"}': "301+0x30"},
    "ContractServiceEndLate": {'contract_oldest_overdue_seconds{act="END_SERVICE"}': "301+0x30"},
    "ContractErasuresStopped": {"contract_erasures_stopped": "1+0x30"},
    "ContractActionsFailed": {"contract_acts_set_aside": "1+0x30"},
    "ContractErasuresUnconfirmed": {"contract_erasures_unconfirmed": "1+0x30"},
    "ContractNoSweep": {"contract_sweep_age_seconds": "+Inf+0x30"},
    "ContractSweepsFail": {"contract_acts_failed_total": "0+1x30"},
    "ContractChannelPaused": {'contract_channel_paused{channel="ledger"}': "1+0x30"},
    "ContractMailsWait": {"contract_oldest_unsent_mail_seconds": "901+0x30"},
    "ContractMailFailed": {'contract_mails_total{outcome="given_up"}': "0+0x20 1+0x10"},
    "ContractWebhookFailed": {"contract_webhooks_failed": "1+0x30"},
    "ContractWebhookDisabled": {"contract_webhooks_disabled": "1+0x30"},
    "ContractInternalErrors": {'contract_requests_total{outcome="internal_server_error"}': "0+0x20 1+0x10"},
    "ContractRequestsFail": {'contract_requests_total{outcome="too_slow"}': "0+10x30"},
    "ContractPoolFull": {'contract_pool_connections{state="in_use"}': "10+0x30"},
    "ContractPasswordsGuessed": {'contract_refusals_total{reason="TOO_MANY_ATTEMPTS"}': "0+120x30"},
}


@pytest.fixture
async def rules(tmp_path: Path) -> Path:
    """The rules as an operator writes them into a file, without a database or a setting."""
    status, output, errors = await command({}, "monitoring", "--rules")
    assert (status, errors) == (0, "")
    file = tmp_path / "rules.yml"
    file.write_text(output)
    return file


async def test_prometheus_takes_the_rules(rules: Path) -> None:
    checked = promtool("check", "rules", str(rules))
    assert checked.returncode == 0, checked.stderr
    assert f"{len(ALERTS)} rules found" in checked.stdout


async def test_each_alert_fires_at_its_own_fault_and_none_without_one(rules: Path, tmp_path: Path) -> None:
    assert list(FAULTS) == [alert.name for alert in ALERTS]
    file = tmp_path / "tests.yml"
    faulty = [firing_test(HEALTHY | series, [name]) for name, series in FAULTS.items()]
    write_tests(file, rules, [firing_test(HEALTHY, []), *faulty])
    tested = promtool("test", "rules", str(file))
    assert tested.returncode == 0, tested.stdout + tested.stderr


async def test_a_scrape_without_any_target_is_an_alert(rules: Path, tmp_path: Path) -> None:
    file = tmp_path / "tests.yml"
    write_tests(file, rules, [firing_test({'up{job="another"}': "1+0x30"}, ["ContractProcessDown"])])
    tested = promtool("test", "rules", str(file))
    assert tested.returncode == 0, tested.stdout + tested.stderr
