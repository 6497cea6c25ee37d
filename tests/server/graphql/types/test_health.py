"""Operators see every check of the service's health, and nothing of a sweep before the first one."""

from typing import Any

import pytest
from tests.server.graphql.without_database import NOW, codes_of, context_of, data_of, viewer

from contract_server.accounts.models import Role
from contract_server.graphql.operations import queries
from contract_server.monitoring.health import Check, Health

HEALTH = "{ health { now ok lastSweepAt checks { name ok count detail } } }"


async def test_the_health_is_shown_check_by_check(monkeypatch: pytest.MonkeyPatch) -> None:
    async def examine(*_: Any) -> Health:  # noqa: ANN401 - clock and breaker
        return Health(now=NOW, last_sweep_at=None, checks=[Check("overdue", 0, "kept"), Check("mails", 2, "late")])

    monkeypatch.setattr(queries, "examine", examine)
    health = (await data_of(context_of(viewer(Role.OPERATOR)), HEALTH))["health"]
    assert (health["now"], health["lastSweepAt"]) == ("2024-03-01T09:30:00+09:00", None)
    assert health["ok"] is False
    assert [(check["name"], check["ok"], check["count"]) for check in health["checks"]] == [
        ("overdue", True, 0),
        ("mails", False, 2),
    ]


async def test_the_health_is_for_operators() -> None:
    assert await codes_of(context_of(viewer()), HEALTH) == ["FORBIDDEN"]
