"""When operators have to show the second factor."""

from datetime import timedelta

import pytest
from tests.server.accounts.second_factor.operators import (
    CONTRACTOR,
    OPERATOR,
    log_in,
)

from contract_server.accounts.models import Account, Role
from contract_server.accounts.second_factor.policy import RECENT, is_recent, needs_second_factor, opens_session
from contract_server.services import Services
from contract_server.settings import EnvironmentName

TICK = timedelta(microseconds=1)


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("enrolled", [True, False])
@pytest.mark.parametrize("age", [None, timedelta(), RECENT - TICK, RECENT])
async def test_operators_need_it_where_it_is_required_or_registered_and_contractors_never(
    services: Services, required: bool, enrolled: bool, age: timedelta | None
) -> None:
    for email in (OPERATOR, CONTRACTOR):
        viewer = await log_in(services, await Account.get(email=email))
        viewer = viewer._replace(has_second_factor=enrolled, second_factor_age=age)
        needed = viewer.role is Role.OPERATOR and (required or enrolled)
        assert needs_second_factor(viewer, required=required) is needed
        assert opens_session(viewer, required=required) is (not needed or age is not None)
        assert is_recent(viewer, required=required) is (not needed or (age is not None and age < RECENT))


@pytest.mark.parametrize(
    ("environment", "chosen", "required"),
    [("production", None, True), ("development", None, False)]
    + [(name, "required", True) for name in EnvironmentName]
    + [(name, "optional", False) for name in EnvironmentName],
)
def test_it_is_required_in_production_unless_the_setting_says_otherwise(
    services: Services, environment: str, chosen: str | None, required: bool
) -> None:
    settings = services.settings.model_copy(
        update={"environment": EnvironmentName(environment), "operator_second_factor": chosen}
    )
    assert settings.requires_second_factor is required
