"""Loaders read what all contracts of a response need at once, and return null for what does not exist."""

import asyncio
from uuid import UUID

import pytest
from tests.server.graphql.without_database import CONTRACT, active

from contract_server.contracts.models import ContractEvent
from contract_server.contracts.queries import EventCursor, EventPageKey
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.db.pages import Page, Part
from contract_server.graphql import loaders

OTHER = UUID(int=9)


async def test_contracts_are_read_by_one_query_and_an_unknown_id_is_null(monkeypatch: pytest.MonkeyPatch) -> None:
    queries: list[list[UUID]] = []

    async def find_snapshots(ids: list[UUID]) -> dict[UUID, ContractSnapshot]:
        queries.append(ids)
        return {CONTRACT: active()}

    monkeypatch.setattr(loaders, "find_snapshots", find_snapshots)
    load = loaders.Loaders().contracts.load
    assert tuple(await asyncio.gather(load(CONTRACT), load(OTHER), load(CONTRACT))) == (active(), None, active())
    assert queries == [[CONTRACT, OTHER]]


async def test_event_pages_of_one_size_and_cursor_are_read_by_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    one: Part[EventCursor] = Part(1)
    two: Part[EventCursor] = Part(2)
    queries: list[tuple[Part[EventCursor], int]] = []

    async def find_event_pages(
        ids: list[UUID], part: Part[EventCursor], *, for_operator: bool
    ) -> dict[UUID, Page[ContractEvent]]:
        assert for_operator
        queries.append((part, len(ids)))
        return {contract_id: Page(has_next=part == one) for contract_id in ids}

    monkeypatch.setattr(loaders, "find_event_pages", find_event_pages)
    load = loaders.Loaders().event_pages.load
    keys = [
        EventPageKey(contract_id, part, for_operator=True)
        for contract_id, part in ((CONTRACT, one), (OTHER, one), (CONTRACT, two))
    ]
    pages = await asyncio.gather(*map(load, keys))
    assert [page.has_next for page in pages] == [True, True, False]
    assert queries == [(one, 2), (two, 1)]
