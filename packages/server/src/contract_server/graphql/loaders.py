"""Batch loading: the data that many contracts of one response need, in one query each."""

import asyncio
from collections import defaultdict
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader
from tortoise.functions import Count

from contract_server.accounts.models import Account
from contract_server.contracts.holds.records import HoldRecord, find_holds
from contract_server.contracts.models import Company, ContractEvent, Member
from contract_server.contracts.queries import EventCursor, EventPageKey, find_event_pages
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.store import find_snapshots
from contract_server.contracts.viewer_contract import CompanyProfile
from contract_server.db.pages import Page, Part
from contract_server.erasure.confirmations import Standing, find_standings
from contract_server.mail.contract_mails import ContractMail, find_mails

Key = TypeVar("Key")
Value = TypeVar("Value")


class Loader(DataLoader[Key, Value]):
    """A loader whose values may have several readers: graphql-core cancels one of them without the others."""

    def load(self, key: Key) -> asyncio.Future[Value]:
        """Return the value of the key, also if another reader of it is cancelled."""
        return asyncio.shield(super().load(key))


class Loaders:
    """One request's loaders."""

    def __init__(self) -> None:
        self.contracts: Loader[UUID, ContractSnapshot | None] = Loader(_contracts)
        self.companies: Loader[UUID, CompanyProfile | None] = Loader(_companies)
        self.contractors: Loader[UUID, Account | None] = Loader(_contractors)
        self.member_counts: Loader[UUID, int] = Loader(_member_counts)
        self.holds: Loader[UUID, list[HoldRecord]] = Loader(_holds)
        self.mails: Loader[UUID, list[ContractMail]] = Loader(_mails)
        self.standings: Loader[tuple[UUID, datetime], list[Standing]] = Loader(_standings)
        self.event_pages: Loader[EventPageKey, Page[ContractEvent]] = Loader(_event_pages)


async def _contracts(ids: list[UUID]) -> list[ContractSnapshot | None]:
    snapshots = await find_snapshots(ids)
    return [snapshots.get(contract_id) for contract_id in ids]


async def _companies(ids: list[UUID]) -> list[CompanyProfile | None]:
    companies = {
        row.contract_id: CompanyProfile(row.name, row.address, row.postal_code, row.phone_number)
        for row in await Company.filter(contract_id__in=ids)
    }
    return [companies.get(contract_id) for contract_id in ids]


async def _contractors(ids: list[UUID]) -> list[Account | None]:
    accounts = {account.contract_id: account for account in await Account.filter(contract_id__in=ids)}
    return [accounts.get(contract_id) for contract_id in ids]


async def _member_counts(ids: list[UUID]) -> list[int]:
    rows = (
        await Member.filter(contract_id__in=ids)
        .group_by("contract_id")
        .annotate(members=Count("id"))
        .values("contract_id", "members")
    )
    counts = {row["contract_id"]: row["members"] for row in rows}
    return [counts.get(contract_id, 0) for contract_id in ids]


async def _holds(ids: list[UUID]) -> list[list[HoldRecord]]:
    holds = await find_holds(ids)
    return [holds.get(contract_id, []) for contract_id in ids]


async def _standings(keys: list[tuple[UUID, datetime]]) -> list[list[Standing]]:
    standings = await find_standings([contract_id for contract_id, _ in keys], max(now for _, now in keys))
    return [standings.get(contract_id, []) for contract_id, _ in keys]


async def _mails(ids: list[UUID]) -> list[list[ContractMail]]:
    mails = await find_mails(ids)
    return [mails.get(contract_id, []) for contract_id in ids]


async def _event_pages(keys: list[EventPageKey]) -> list[Page[ContractEvent]]:
    contracts: dict[tuple[Part[EventCursor], bool], list[UUID]] = defaultdict(list)
    for key in keys:
        contracts[key.part, key.for_operator].append(key.contract_id)
    pages: dict[EventPageKey, Page[ContractEvent]] = {}
    for (part, for_operator), contract_ids in contracts.items():
        for contract_id, page in (await find_event_pages(contract_ids, part, for_operator=for_operator)).items():
            pages[EventPageKey(contract_id, part, for_operator)] = page
    return [pages[key] for key in keys]
