"""`contract-server webhooks` adds endpoints and shows what is delivered to them."""

import json

from tests.operations.cli.conftest import variables_of
from tests.operations.cli.terminal import run
from tests.server.workbench import sql

from contract_server.db.connection import database
from contract_server.settings import Settings

URL = "https://billing.example.jp/hook"


async def test_an_endpoint_is_added_rotated_listed_and_removed(seeded: Settings) -> None:
    variables = variables_of(seeded)
    added = await run(variables, "webhooks", "add", "billing", URL)
    rotated = await run(variables, "webhooks", "rotate", "billing")
    assert [ended.status for ended in (added, rotated)] == [0, 0]
    assert all(ended.output.startswith("whsec_") for ended in (added, rotated))
    assert added.output != rotated.output
    (listed,) = json.loads((await run(variables, "webhooks", "list", "--json")).output)
    assert (listed["name"], listed["url"], listed["pending"], listed["failed"]) == ("billing", URL, 0, 0)
    assert (await run(variables, "webhooks", "deliveries", "billing", "--json")).output == "[]\n"
    retried = await run(variables, "webhooks", "retry", "billing")
    assert retried.output == "0 deliveries that failed or waited are sent now.\n"
    assert (await run(variables, "webhooks", "remove", "billing", "--yes")).output == "The endpoint was removed.\n"
    assert (await run(variables, "webhooks", "list", "--json")).output == "[]\n"


async def test_refusals_say_what_to_do(seeded: Settings) -> None:
    variables = variables_of(seeded)
    assert (await run(variables, "webhooks", "add", "billing", URL)).status == 0
    for arguments, refusal in {
        ("add", "billing", URL): (1, "an endpoint has this name; choose another one"),
        ("add", "Billing", URL): (2, "NAME: expected a lower-case letter"),
        ("add", "second", "ftp://example.jp"): (2, "URL: expected an https URL"),
        ("add", "second", f"{URL}/{'a' * 2000}"): (2, "URL: expected 1 to 2000 characters"),
        ("add", "second", "https://10.0.0.5/hook"): (1, "URL: expected a public address; WEBHOOK_NETWORKS lists"),
        ("rotate", "another"): (1, "no endpoint has this name; see `webhooks list`"),
        ("retry", "another"): (1, "no endpoint has this name"),
        ("remove", "another", "--yes"): (1, "no endpoint has this name"),
        ("dismiss", "another"): (1, "no endpoint has this name"),
        ("dismiss", "billing"): (1, "no delivery to this endpoint has failed; see `webhooks deliveries`"),
    }.items():
        status, line = (await run(variables, "webhooks", *arguments)).refusal
        assert (status, line.startswith(refusal[1])) == (refusal[0], True), line


async def test_a_private_address_is_added_once_it_is_listed(seeded: Settings) -> None:
    listed = {**variables_of(seeded), "WEBHOOK_NETWORKS": "10.0.0.0/24"}
    assert (await run(listed, "webhooks", "add", "billing", "https://10.0.0.5/hook")).status == 0


async def test_an_endpoint_of_the_setting_is_refused_with_the_place_to_change_it(seeded: Settings) -> None:
    variables = variables_of(seeded)
    secret = (await run(variables, "webhooks", "add", "billing", URL)).output.strip()
    listed = {**variables, "WEBHOOKS": f'[gateway]\nurl = "{URL}"\nsecret = "{secret}"\n'}
    refused = (1, "the setting WEBHOOKS lists this endpoint: change it there, then restart the workers")
    assert (await run(listed, "webhooks", "add", "gateway", URL)).refusal == refused
    async with database(seeded):
        await sql("UPDATE webhook_endpoint SET by_setting = true")
    for arguments in (("rotate", "billing"), ("remove", "billing", "--yes")):
        assert (await run(variables, "webhooks", *arguments)).refusal == refused
    async with database(seeded):
        await sql("UPDATE webhook_endpoint SET withdrawn_at = now()")
    retry = await run(variables, "webhooks", "retry", "billing")
    assert retry.refusal == (1, "the setting WEBHOOKS lists this endpoint no longer: list it again, or remove it")
