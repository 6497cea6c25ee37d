"""A budget of exports is that of one contract, and says when the next one is possible."""

from uuid import uuid4

import pytest
from tests.server.workbench import Workbench

from contract_server.accounts.rate_limit_store import RateLimitStore
from contract_server.documents.export_budget import EXPORTS, ExportBudget, TooManyExports


async def test_what_one_contract_uses_up_another_has_left(bench: Workbench) -> None:
    budget, contract = ExportBudget(RateLimitStore(bench.settings)), uuid4()
    for _ in range(EXPORTS):
        await budget.take(contract)
    with pytest.raises(TooManyExports) as refusal:
        await budget.take(contract)
    assert 0 < refusal.value.retry_after.total_seconds() <= 86_400
    await budget.take(uuid4())
