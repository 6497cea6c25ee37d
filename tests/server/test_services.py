"""The services of a process are built from its settings."""

import pytest

from contract_server import clock
from contract_server.services import build_services
from contract_server.settings import EnvironmentName, Settings, SettingsError


async def test_without_a_mail_server_no_services_are_built(production_settings: Settings) -> None:
    settings = production_settings.model_copy(update={"smtp_url": None, "mail_dir": None})
    with pytest.raises(SettingsError, match="SMTP_URL: set it to"):
        build_services(settings)


@pytest.mark.parametrize(
    ("environment", "kind"),
    [(EnvironmentName.PRODUCTION, clock.DatabaseClock), (EnvironmentName.DEVELOPMENT, clock.TestClock)],
)
async def test_only_development_has_a_clock_that_can_be_moved(
    production_settings: Settings, environment: EnvironmentName, kind: type
) -> None:
    services = build_services(production_settings.model_copy(update={"environment": environment}))
    assert type(services.clock) is kind
    await services.close()
