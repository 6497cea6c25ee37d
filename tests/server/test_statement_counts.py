"""A page of a hundred costs as many SQL statements as a page of one."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from tests.conftest import seeded_database
from tests.server.in_process import counted_statements, development_settings, seeded_services, served
from tests.server.running import LOG_IN, PASSWORD

from contract_rules import Actor, EventType, Status, shipped_policies
from contract_server.accounts.models import Account, Role
from contract_server.contracts.models import Company, Contract, ContractEvent, Member, TerminationApplication
from contract_server.development.servers.postgres import EmbeddedPostgres

PAGE = """
query ($first: Int!) {
  contracts(first: $first, filter: { status: [TERMINATED] }) {
    nodes {
      id status endedOn memberCount availableActions
      company { name } contractor { email } erasureHold { reason }
      termination { id timeline { serviceEnd { lastDay explanation } erasure { at } } }
      events(first: 5) { nodes { type at } pageInfo { hasNextPage } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
DUE_ERASURES = "query ($first: Int!) { dueErasures(first: $first) { nodes { companyName dueAt } } }"
REQUESTED_AT = datetime(2024, 3, 1, 0, 30, tzinfo=UTC)

NEWEST = date(2100, 1, 1)
"""When none of the demonstration's contracts began."""


async def terminated_contracts(count: int) -> None:
    """Contracts with all that belongs to them."""
    timeline = shipped_policies().in_force(date(2024, 3, 1)).timeline(REQUESTED_AT)
    contracts = [
        Contract(
            version=2,
            status=Status.TERMINATED,
            started_on=NEWEST,
            applications=1,
            erasure_due_at=timeline.erasure.at,
        )
        for _ in range(count)
    ]
    await Contract.bulk_create(contracts)
    for contract in contracts:
        await Company.create(
            contract_id=contract.id, name="会社", address="住所", postal_code="100-0001", phone_number="03-0000-0000"
        )
        await Account.create(
            role=Role.CONTRACTOR, name="名前", email=f"{uuid4()}@example.jp", password_hash="", contract_id=contract.id
        )
        await Member.create(contract_id=contract.id, name="名前", email="member@example.jp")
        application = await TerminationApplication.create(
            contract_id=contract.id,
            number=1,
            requested_at=REQUESTED_AT,
            requested_on=timeline.requested_on,
            policy_version=timeline.policy_version,
            service_end_last_day=timeline.service_end.last_day,
            service_end_at=timeline.service_end.at,
            resumption_last_day=timeline.resumption.last_day,
            resumption_at=timeline.resumption.at,
            erasure_last_day=timeline.erasure.last_day,
            erasure_at=timeline.erasure.at,
        )
        await ContractEvent.bulk_create(
            ContractEvent(
                contract_id=contract.id,
                at=REQUESTED_AT + timedelta(days=day),
                type=EventType.TERMINATION_REQUESTED,
                actor=Actor.CONTRACTOR,
                application_id=application.id,
            )
            for day in range(7)
        )


async def test_a_page_of_contracts_costs_a_fixed_number_of_statements(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    settings = development_settings(await seeded_database(postgres), tmp_path)
    async with seeded_services(settings):
        await terminated_contracts(100)
    async with served(settings) as client:
        await ask(client, LOG_IN, email="operator@example.jp", password=PASSWORD)
        counts = {}
        for first in (1, 10, 100):
            with counted_statements() as statements:
                nodes = (await ask(client, PAGE, first=first))["data"]["contracts"]["nodes"]
            counts[first] = len(statements)
            assert len(nodes) == first
            assert all(len(node["events"]["nodes"]) == 5 and node["memberCount"] == 1 for node in nodes)
    assert counts[1] == counts[10] == counts[100] <= 12


async def test_a_page_of_due_erasures_costs_a_fixed_number_of_statements(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    settings = development_settings(await seeded_database(postgres), tmp_path)
    async with seeded_services(settings):
        await terminated_contracts(100)
    async with served(settings) as client:
        await ask(client, LOG_IN, email="operator@example.jp", password=PASSWORD)
        counts = {}
        for first in (1, 100):
            with counted_statements() as statements:
                nodes = (await ask(client, DUE_ERASURES, first=first))["data"]["dueErasures"]["nodes"]
            counts[first] = len(statements)
            assert [node["companyName"] for node in nodes] == ["会社"] * first
    assert counts[1] == counts[100] <= 8


async def ask(client: httpx.AsyncClient, query: str, **variables: object) -> Any:  # noqa: ANN401 - whatever was asked for
    answer = (await client.post("/graphql", json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, answer
    return answer
