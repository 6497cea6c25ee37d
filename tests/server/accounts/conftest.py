"""The services in the test's own process, where comparisons can be counted."""

from collections.abc import AsyncIterator

import pytest
from tests.conftest import seeded_database
from tests.server.in_process import development_settings, seeded_services
from tests.tables import empty

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.services import Services


@pytest.fixture(scope="module")
async def seeded(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    settings = development_settings(await seeded_database(postgres), tmp_path_factory.mktemp("accounts"))
    async with seeded_services(settings) as services:
        yield services


EMPTIED = "attempt_count session password_reset_token outbox_mail passkey recovery_code enrolment_link address_change"


@pytest.fixture
async def services(seeded: Services) -> Services:
    """The services without sessions, counts and mails."""
    await empty(*EMPTIED.split())
    return seeded
