"""The payload of a webhook is the item of the feed, field by field."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

from graphql import build_schema
from tests.server.in_process import development_settings
from tests.server.integration.service_tokens import open_service
from tests.server.running import Client, Running

from contract_server.db.connection import database
from contract_server.integration.feed import find_changes
from contract_server.integration.models import Scope
from contract_server.integration.payload import payload_of

SCHEMA = build_schema((Path(__file__).parents[3] / "packages/server/schema.graphql").read_text("utf-8")).type_map
CHANGES = """
{ changes(first: 100) { nodes {
  id contractId version type at
  application {
    id receiptNumber requestedAt policyName policyVersion
    serviceEnd { lastDay at } resumption { lastDay at } erasure { lastDay at }
  }
} } }
"""


async def test_the_payload_is_the_item_of_the_feed(service: Running, client: Client) -> None:
    client.http.headers["Authorization"] = f"Bearer {await open_service(service, Scope.FEED)}"
    changes = (await client.ask(CHANGES))["changes"]["nodes"]
    applications = [change["application"] for change in changes if change["application"]]
    assert applications
    for name, found in {"Change": changes, "ChangedApplication": applications}.items():
        assert all(each.keys() == SCHEMA[name].fields.keys() for each in found)  # type: ignore[attr-defined]
    async with database(development_settings(service.database_url, service.folder)):
        page = await find_changes(None, 100)
    assert [json.loads(payload_of(change, ZoneInfo("Asia/Tokyo"))) for change in page.items] == changes
