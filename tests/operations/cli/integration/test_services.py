"""`contract-server services` gives other services access, and takes it away."""

import json

import pytest
from tests.operations.cli.conftest import variables_of
from tests.operations.cli.terminal import run

from contract_server.db.connection import database
from contract_server.integration.service_accounts import Service
from contract_server.services import build_services
from contract_server.settings import Settings


async def find(settings: Settings, token: str) -> Service | None:
    async with database(settings):
        services = build_services(settings)
        try:
            return await services.service_accounts.find(token.strip())
        finally:
            await services.close()


async def test_a_service_is_added_rotated_listed_and_revoked(seeded: Settings) -> None:
    variables = variables_of(seeded)
    added = await run(variables, "services", "add", "gateway", "--scope", "facts", "--scope", "feed")
    rotated = await run(variables, "services", "rotate", "gateway", "--overlap", "1h")
    assert [(ended.status, ended.errors) for ended in (added, rotated)] == [(0, ""), (0, "")]
    for ended in (added, rotated):
        service = await find(seeded, ended.output)
        assert service is not None
        assert service.name == "gateway"
    listed = json.loads((await run(variables, "services", "list", "--json")).output)
    assert [(row["name"], row["scopes"]) for row in listed] == [("gateway", "facts feed")] * 2
    assert (await run(variables, "services", "revoke", "gateway", "--yes")).output == "The service was revoked.\n"
    assert [await find(seeded, ended.output) for ended in (added, rotated)] == [None, None]
    assert "gateway" in (await run(variables, "services", "list")).output


async def test_refusals_say_what_to_do(seeded: Settings) -> None:
    variables = variables_of(seeded)
    assert (await run(variables, "services", "add", "gateway", "--scope", "feed")).status == 0
    for arguments, refusal in {
        ("add", "gateway", "--scope", "feed"): (1, "a service has, or had, this name; choose another one"),
        ("add", "The gateway", "--scope", "feed"): (2, "NAME: expected a lower-case letter"),
        ("rotate", "another"): (1, "no service has this name, or it was revoked; see `services list`"),
        ("revoke", "gateway"): (2, "confirmation needs a terminal; pass --yes"),
    }.items():
        status, line = (await run(variables, "services", *arguments)).refusal
        assert (status, line.startswith(refusal[1])) == (refusal[0], True), line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("add", "gateway", "--scope", "feed", "--valid-for", "0s"), "more than nothing"),
        (("add", "gateway", "--scope", "feed", "--valid-for", "3651d"), "at most 3650d"),
        (("rotate", "gateway", "--valid-for", "9999999d"), "at most 3650d"),
        (("rotate", "gateway", "--overlap", "999999999.9d"), "at most 3650d"),
    ],
)
async def test_a_token_is_valid_for_a_span_that_has_an_end(
    seeded: Settings, arguments: tuple[str, ...], expected: str
) -> None:
    ended = await run(variables_of(seeded), "services", *arguments)
    assert (ended.status, expected in ended.errors) == (2, True), ended.errors
