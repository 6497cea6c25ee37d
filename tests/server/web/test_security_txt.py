"""`security.txt` names the contact, and is valid for half a year (RFC 9116 recommends less than one)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from tests.conftest import migrated_database
from tests.server.asgi import URL, client_of
from tests.server.in_process import development_settings, seeded_services

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.services import Services
from contract_server.settings.types import SecurityContact
from contract_server.web.security_txt import PATH, security_txt_route

CONTACT = "mailto:security@example.jp"


@pytest.fixture
async def services(postgres: EmbeddedPostgres, tmp_path: Path) -> AsyncIterator[Services]:
    settings = development_settings(await migrated_database(postgres), tmp_path)
    async with seeded_services(settings.model_copy(update={"public_url": URL})) as services:
        yield services


async def fields_of(services: Services, contact: str | None) -> dict[str, str]:
    settings = services.settings.model_copy(update={"security_contact": contact})
    app = Starlette(routes=[security_txt_route(replace(services, settings=settings))])
    answer = await client_of(app).get(PATH)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return dict(line.split(": ", 1) for line in answer.text.splitlines())


async def test_it_names_the_contact_and_expires_in_half_a_year(services: Services) -> None:
    fields = await fields_of(services, CONTACT)
    valid_for = datetime.fromisoformat(fields.pop("Expires")) - await services.clock.now()
    assert timedelta(days=179) < valid_for < timedelta(days=181)
    assert fields == {"Contact": CONTACT, "Preferred-Languages": "ja, en", "Canonical": URL + PATH}


async def test_without_a_contact_of_its_own_it_names_where_everyone_asks(services: Services) -> None:
    assert (await fields_of(services, None))["Contact"] == services.settings.contact_url


@pytest.mark.parametrize("contact", ["security@example.jp", "mailto:", "mailto:a@b\nExpires: x", "javascript:alert(1)"])
def test_a_contact_is_a_page_or_an_address(contact: str) -> None:
    with pytest.raises(ValidationError, match="expected mailto:"):
        TypeAdapter[str](SecurityContact).validate_python(contact)
