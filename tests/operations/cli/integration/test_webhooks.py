"""`contract-server webhooks` adds endpoints and shows what is delivered to them."""

import json

from tests.operations.cli.conftest import variables_of
from tests.operations.cli.terminal import run

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
    assert (await run(variables, "webhooks", "retry", "billing")).output == "0 failed deliveries are sent again.\n"
    assert (await run(variables, "webhooks", "remove", "billing", "--yes")).output == "The endpoint was removed.\n"
    assert (await run(variables, "webhooks", "list", "--json")).output == "[]\n"


async def test_refusals_say_what_to_do(seeded: Settings) -> None:
    variables = variables_of(seeded)
    assert (await run(variables, "webhooks", "add", "billing", URL)).status == 0
    for arguments, refusal in {
        ("add", "billing", URL): (1, "an endpoint has this name; choose another one"),
        ("add", "Billing", URL): (2, "NAME: expected a lower-case letter"),
        ("add", "second", "ftp://example.jp"): (2, "URL: expected an https URL"),
        ("rotate", "another"): (1, "no endpoint has this name; see `webhooks list`"),
        ("retry", "another"): (1, "no endpoint has this name"),
        ("remove", "another", "--yes"): (1, "no endpoint has this name"),
    }.items():
        status, line = (await run(variables, "webhooks", *arguments)).refusal
        assert (status, line.startswith(refusal[1])) == (refusal[0], True), line
