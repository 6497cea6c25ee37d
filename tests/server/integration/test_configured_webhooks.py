"""The setting WEBHOOKS lists endpoints, and each worker brings the database up to date with it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.conftest import seeded_database
from tests.server.integration.receiver import receiving
from tests.server.running import ACTIVE_CONTRACT, TERMINATE, command, running
from tests.server.workbench import Workbench, sql

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.integration import webhooks
from contract_server.integration.configured_webhooks import ConfiguredWebhooks
from contract_server.integration.deliveries import queue_deliveries
from contract_server.integration.feed import number_changes
from contract_server.integration.outgoing_http import OutgoingHttp
from contract_server.settings import Settings, SettingsError

URL = "https://billing.example.jp/hook"
FIRST, SECOND, THIRD = (f"whsec_{letter * 43}=" for letter in "IQY")


def toml(name: str = "billing", url: str = URL, secret: str = FIRST) -> str:
    return f'[{name}]\nurl = "{url}"\nsecret = "{secret}"\n'


def configured(settings: Settings, text: str = "") -> ConfiguredWebhooks:
    changed = settings.model_copy(update={"webhooks": SecretStr(text) if text else None})
    return ConfiguredWebhooks(changed, OutgoingHttp())


async def secrets() -> list[str]:
    (row,) = await sql("SELECT secrets FROM webhook_endpoint")
    secrets: list[str] = row["secrets"].split()
    return secrets


async def entries() -> list[str]:
    rows = await sql("SELECT action FROM audit_entry WHERE action LIKE 'WEBHOOK%' ORDER BY at, id")
    return [row["action"] for row in rows]


async def queued() -> int:
    await number_changes()
    await queue_deliveries()
    (endpoint,) = await webhooks.list_endpoints()
    return endpoint.pending


async def test_several_workers_add_an_endpoint_once(bench: Workbench) -> None:
    await bench.contract()
    await asyncio.gather(*(configured(bench.settings, toml()).apply() for _ in range(3)))
    (endpoint,) = await webhooks.list_endpoints()
    assert (endpoint.name, endpoint.url, endpoint.by_setting) == ("billing", URL, True)
    assert await secrets() == [FIRST]
    assert await entries() == ["WEBHOOK_ADDED"]
    assert await queued() == 0  # what was before it
    await bench.contract()
    assert await queued() == 1


async def test_a_former_secret_signs_until_the_next_change(bench: Workbench) -> None:
    for secret in (FIRST, SECOND, SECOND, THIRD):
        await configured(bench.settings, toml(secret=secret)).apply()
    assert await secrets() == [THIRD, SECOND]
    assert await entries() == ["WEBHOOK_ADDED", "WEBHOOK_ROTATED", "WEBHOOK_ROTATED"]


async def test_a_new_url_gets_what_waits_and_has_not_answered_410(bench: Workbench) -> None:
    await configured(bench.settings, toml()).apply()
    await bench.contract()
    assert await queued() == 1
    await sql("UPDATE webhook_endpoint SET disabled_at = now()")
    await configured(bench.settings, toml()).apply()
    assert await webhooks.list_disabled_endpoints() == ["billing"]
    await configured(bench.settings, toml(url=f"{URL}/2")).apply()
    (endpoint,) = await webhooks.list_endpoints()
    assert (endpoint.url, endpoint.disabled_at, endpoint.pending) == (f"{URL}/2", None, 1)
    assert await entries() == ["WEBHOOK_ADDED", "WEBHOOK_CHANGED"]


async def test_an_endpoint_that_is_listed_no_longer_loses_nothing(bench: Workbench) -> None:
    await configured(bench.settings, toml()).apply()
    await bench.contract()
    assert await queued() == 1
    for _ in range(2):
        await configured(bench.settings).apply()
    await bench.contract()
    assert await queued() == 1
    assert await webhooks.list_disabled_endpoints() == []  # it answered no 410
    with pytest.raises(webhooks.EndpointWithdrawn):
        await webhooks.retry_deliveries("billing")
    await configured(bench.settings, toml()).apply()
    assert await queued() == 2
    assert await entries() == ["WEBHOOK_ADDED", "WEBHOOK_WITHDRAWN", "WEBHOOK_CHANGED"]


async def test_a_listed_endpoint_is_changed_in_the_setting_alone(bench: Workbench) -> None:
    await configured(bench.settings, toml()).apply()
    for change in (webhooks.rotate_secret, webhooks.remove_endpoint):
        with pytest.raises(webhooks.EndpointBySetting):
            await change("billing")
    await configured(bench.settings).apply()
    await webhooks.remove_endpoint("billing")
    assert await webhooks.list_endpoints() == []


async def test_endpoints_by_command_stay_and_keep_their_names(bench: Workbench) -> None:
    await webhooks.add_endpoint(OutgoingHttp(), "billing", URL)
    await configured(bench.settings, toml("gateway")).apply()
    assert [endpoint.by_setting for endpoint in await webhooks.list_endpoints()] == [False, True]
    both = configured(bench.settings, toml("gateway", secret=SECOND) + toml())
    refusal = "WEBHOOKS: `webhooks add` has added endpoints of the same name"
    assert str(await both.find_problem()).startswith(f"{refusal} (billing); remove these by `webhooks remove`")
    with pytest.raises(SettingsError, match=refusal):
        await both.apply()
    assert await entries() == ["WEBHOOK_ADDED", "WEBHOOK_ADDED"]  # nothing of it was done


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("billing", "WEBHOOKS: expected TOML, with a table for each endpoint: "),
        (toml() + toml(), "WEBHOOKS: expected TOML, with a table for each endpoint: Cannot declare ('billing',) twice"),
        (toml("Billing"), "WEBHOOKS: Billing: expected a lower-case letter"),
        (toml(url="http://example.jp/"), "WEBHOOKS: billing: expected an https URL"),
        (toml(url="https://10.0.0.5/"), "WEBHOOKS: billing: expected a public address; WEBHOOK_NETWORKS lists"),
        *((toml(secret=text), "WEBHOOKS: billing: expected a secret: whsec_") for text in ("", "whsec_", "whsec_??")),
        (toml(secret=FIRST.removeprefix("whsec_")), "WEBHOOKS: billing: expected a secret: whsec_ and 24 to 64 bytes"),
        (toml(secret="whsec_" + "A" * 28), "WEBHOOKS: billing: expected a secret"),
        (toml() + "more = 1", "WEBHOOKS: billing: expected a table with the texts url and secret, and nothing else"),
        ("billing = 1", "WEBHOOKS: billing: expected a table"),
        ('[billing]\nurl = "https://example.jp/"', "WEBHOOKS: billing: expected a table"),
        ('[billing]\nurl = 1\nsecret = "x"', "WEBHOOKS: billing: expected a table"),
    ],
)
def test_a_setting_of_another_form_is_refused_without_its_secrets(settings: Settings, text: str, problem: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        configured(settings, text)
    assert str(refusal.value).startswith(problem)
    assert FIRST.removeprefix("whsec_") not in str(refusal.value)


async def test_a_worker_sends_to_the_listed_endpoints_and_does_not_start_with_a_name_twice(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    url = await seeded_database(postgres)
    async with receiving() as receiver:
        listed = toml(url=receiver.url)
        async with running(url, redis.url, tmp_path, WEBHOOKS=listed) as service, service.client() as client:
            await client.log_in("active@example.jp")
            await receiver_is_known(service.variables)
            await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
            await receiver.received_at_least(1)
            assert receiver.received[-1].content["contractId"] == ACTIVE_CONTRACT
            shown = await command(service.variables, "settings")
            assert FIRST not in "".join(map(str, shown))
            second = {**service.variables, "WEBHOOKS": toml("other", secret=SECOND)}
            assert (await command(service.variables, "webhooks", "add", "other", URL))[0] == 0
            status, _, errors = await command(second, "worker")
            assert (status != 0, "endpoints of the same name (other)" in errors) == (True, True), errors


async def receiver_is_known(variables: Mapping[str, str]) -> None:
    """Wait until the worker has added the endpoint, behind which its changes begin."""
    async with asyncio.timeout(60):
        while '"billing"' not in (await command(variables, "webhooks", "list", "--json"))[1]:
            pass
