"""`contract-server monitoring` shows the alerts; its rules are tested in `tests/operations/test_prometheus.py`."""

from tests.server.running import command

from contract_server.monitoring.alerts import ALERTS


async def test_people_get_a_table_of_the_alerts_without_a_database() -> None:
    status, output, errors = await command({}, "monitoring")
    assert (status, errors) == (0, "")
    assert [line.split()[0] for line in output.splitlines()[1:]] == [alert.name for alert in ALERTS]
