"""Which budgets a log-in counts for."""

from typing import Any

import pytest
from tests.server.asgi import production_with_no_database

from contract_server.accounts.log_in_limits import DAY, LogInLimits
from contract_server.accounts.rate_limit_store import RateLimitStore

EMAIL, HERE = "anna@example.jp", "203.0.113.1"


def limits(**settings: Any) -> LogInLimits:  # noqa: ANN401 - any setting
    changed = production_with_no_database().model_copy(update=settings)
    return LogInLimits(changed, RateLimitStore(changed))


@pytest.mark.parametrize(("address", "budgets"), [(HERE, 4), ("2001:db8::1", 6), ("unknown", 4)])
def test_an_unknown_device_counts_for_its_account_its_sources_and_all(address: str, budgets: int) -> None:
    budget = limits().find(EMAIL, address, None)
    assert len(budget.limits) == budgets
    assert next(iter(budget.limits)) == budget.short_term
    assert list(budget.limits)[-2:] == [budget.daily, budget.of_all]
    assert not budget.limits[budget.of_all].refuses
    assert not budget.requester.is_known_device


def test_a_known_device_shares_no_budget_with_any_other() -> None:
    device, other, unknown = (limits().find(EMAIL, HERE, device) for device in ("device", "other", None))
    assert device.limits.keys().isdisjoint(other.limits.keys() | unknown.limits.keys())
    assert device.requester.is_known_device
    assert device.requester.account == other.requester.account


def test_unknown_devices_of_an_account_share_its_daily_budget_wherever_they_are() -> None:
    here, there = (limits().find(EMAIL, address, None) for address in (HERE, "2001:db8::1"))
    assert here.daily == there.daily
    assert here.daily != limits().find("bert@example.jp", HERE, None).daily


def test_two_days_of_unknown_devices_and_of_one_known_device_stay_below_a_hundred_guesses() -> None:
    budgets = [limits().find(EMAIL, HERE, device) for device in (None, "device")]
    daily = [budget.limits[budget.daily] for budget in budgets]
    assert [limit.window for limit in daily] == [DAY, DAY]
    assert sum(2 * limit.tries for limit in daily) <= 100
