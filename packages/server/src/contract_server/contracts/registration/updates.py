"""Replace what is registered of contracts, and record each change of it that an account's administration makes.

Each update locks its contracts, reads what is registered, and stores the differences in the same transaction, with one
version and one event for each contract. The row of a removed member is deleted at once. A registration that differs in
nothing changes nothing, so it can be sent again.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from contract_rules import Actor, EventType
from contract_server.accounts.credentials import end_links
from contract_server.accounts.models import Account
from contract_server.audit.origin import Signature, sign
from contract_server.clock import Clock
from contract_server.contracts.changes import has_visibly_changed
from contract_server.contracts.models import Contract, ContractEvent
from contract_server.contracts.models import Member as MemberRow
from contract_server.contracts.registration.differences import (
    NO_DIFFERENCES,
    Company,
    Contractor,
    Differences,
    Member,
    Registration,
    RegistrationRefusal,
    StoredRegistration,
    find_differences,
    find_refusal,
    identify,
)
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.store import find_snapshots, lock_snapshot, lock_snapshots
from contract_server.db.rows import Insert, Row, Update, Write, write_rows
from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import transaction
from contract_server.logs import get_logger

log = get_logger(__name__)

_STORED = """
    SELECT contract.id AS contract_id, company.name AS company_name, company.address, company.postal_code,
           company.phone_number, account.id AS account_id, account.name, account.email
      FROM contract
      LEFT JOIN company ON company.contract_id = contract.id
      LEFT JOIN account ON account.contract_id = contract.id
     WHERE contract.id = ANY ($1)
"""
_STORED_MEMBERS = "SELECT id, contract_id, name, email FROM member WHERE contract_id = ANY ($1)"
_OWNERS_OF_EMAILS = "SELECT id, email FROM account WHERE email = ANY ($1)"
_CONTRACTS_OF_MEMBERS = "SELECT id, contract_id FROM member WHERE id = ANY ($1)"
_UPDATE_COMPANIES = """
    UPDATE company SET name = new.name, address = new.address, postal_code = new.postal_code,
           phone_number = new.phone_number
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
           AS new (contract_id, name, address, postal_code, phone_number)
     WHERE company.contract_id = new.contract_id
"""
_DELETE_MEMBERS = "DELETE FROM member WHERE id = ANY ($1)"


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """What became of one registration: its differences, or why it was refused; and the contract's version now."""

    contract_id: UUID
    version: int = 0
    differences: Differences = NO_DIFFERENCES
    refusal: RegistrationRefusal | None = None


class _Update(NamedTuple):
    """One registration beside the contract and what is stored of it."""

    wanted: Registration
    contract: ContractSnapshot
    stored: StoredRegistration
    members: Mapping[UUID, Member]
    differences: Differences


class RegistrationUpdates:
    """Replaces what is registered of contracts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def put_all(
        self,
        wanted: Sequence[Registration],
        actor: Actor,
        *,
        account_id: UUID | None = None,
        store: bool = True,
    ) -> list[UpdateResult]:
        """Replace what is registered, of each contract completely or not at all.

        Args:
            wanted: The registrations, each of another contract.
            actor: Who asks for it.
            account_id: Their account; for a command, the operator that it names.
            store: Whether to store it; else only the results are found, without locks.
        """
        while True:
            try:
                return await self._put_all(wanted, actor, sign(account_id), store=store)
            except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):  # another session was faster
                continue

    async def lock(self, contract_id: UUID | None) -> None:
        """Lock the contract of an account before the account, in the order of all changes of a contract."""
        if contract_id is not None:
            await lock_snapshot(contract_id)

    async def record(self, contract_id: UUID | None, actor: Actor, account_id: UUID | None = None) -> None:
        """Record a change of the contractor, in the caller's transaction: one version and one event.

        Args:
            contract_id: The contract; None for an operator's account, of which nothing is registered.
            actor: Who has changed it.
            account_id: Their account; for a command, the operator that it names.
        """
        if contract_id is None:
            return
        contracts, now = await lock_snapshots([contract_id], self._clock)
        version = contracts[contract_id].facts.version + 1
        event = {"contract_id": contract_id, "version": version, "at": now, "actor": actor}
        event |= {"type": EventType.REGISTRATION_CHANGED, **sign(account_id)._asdict()}
        await write_rows(Update(Contract, [{"id": contract_id, "version": version}]), Insert(ContractEvent, [event]))

    async def _put_all(
        self, wanted: Sequence[Registration], actor: Actor, signature: Signature, *, store: bool
    ) -> list[UpdateResult]:
        ids = [registration.contract_id for registration in wanted]
        async with AsyncExitStack() as stack:
            if store:
                await stack.enter_async_context(transaction())
                contracts, now = await lock_snapshots(ids, self._clock)
            else:
                contracts, now = await find_snapshots(ids), await self._clock.now()
            updates = await _compare(wanted, contracts)
            refusals = await _find_refusals(updates, actor, now)
            accepted = [update for update in updates if update.contract.id not in refusals and update.differences]
            if store and accepted:
                await _store(accepted, actor, signature, now)
        results = {update.contract.id: _result(update, refusals.get(update.contract.id)) for update in updates}
        return [results.get(id_, UpdateResult(id_, refusal=RegistrationRefusal.CONTRACT_NOT_FOUND)) for id_ in ids]


def _result(update: _Update, refusal: RegistrationRefusal | None) -> UpdateResult:
    version = update.contract.facts.version
    if refusal:
        return UpdateResult(update.contract.id, version, refusal=refusal)
    return UpdateResult(update.contract.id, version + bool(update.differences), update.differences)


async def _compare(wanted: Iterable[Registration], contracts: Mapping[UUID, ContractSnapshot]) -> list[_Update]:
    stored = await _find_stored(list(contracts))
    updates = []
    for registration in wanted:
        if contract := contracts.get(registration.contract_id):
            members = identify(stored[contract.id].members, registration.members)
            differences = find_differences(stored[contract.id], members, registration)
            updates.append(_Update(registration, contract, stored[contract.id], members, differences))
    return updates


async def _find_stored(contract_ids: Sequence[UUID]) -> dict[UUID, StoredRegistration]:
    members: dict[UUID, dict[UUID, Member]] = {contract_id: {} for contract_id in contract_ids}
    for row in await fetch(_STORED_MEMBERS, contract_ids):
        members[row["contract_id"]][row["id"]] = Member(row["name"], row["email"], row["id"])
    rows = await fetch(_STORED, contract_ids)
    return {row["contract_id"]: _stored(row, members[row["contract_id"]]) for row in rows}


def _stored(row: Any, members: Mapping[UUID, Member]) -> StoredRegistration:  # noqa: ANN401 - asyncpg ships no types
    has_company, account_id = row["company_name"] is not None, row["account_id"]
    return StoredRegistration(
        company=Company(*(row[name] for name in ("company_name", *Company._fields[1:]))) if has_company else None,
        account_id=account_id,
        contractor=Contractor(row["name"], row["email"]) if account_id else None,
        members=members,
    )


async def _find_refusals(updates: Sequence[_Update], actor: Actor, now: datetime) -> dict[UUID, RegistrationRefusal]:
    emails = [update.wanted.contractor.email for update in updates if "email" in update.differences.contractor]
    owners = {row["email"]: row["id"] for row in await fetch(_OWNERS_OF_EMAILS, emails)}
    added = [id_ for update in updates for id_ in update.differences.added]
    taken = {row["id"] for row in await fetch(_CONTRACTS_OF_MEMBERS, added)}
    refusals = {}
    for update in updates:
        refusal = find_refusal(update.differences, update.contract.facts, now) or (
            _find_conflict(update, owners, taken) or await _find_staleness(update, actor)
        )
        if refusal:
            refusals[update.contract.id] = refusal
    return refusals


def _find_conflict(update: _Update, owners: Mapping[str, UUID], taken: set[UUID]) -> RegistrationRefusal | None:
    account_id = update.stored.account_id
    if account_id is None:
        return RegistrationRefusal.NO_CONTRACTOR
    if owners.get(update.wanted.contractor.email, account_id) != account_id:
        return RegistrationRefusal.EMAIL_TAKEN
    if not taken.isdisjoint(update.differences.added):
        return RegistrationRefusal.MEMBER_ID_TAKEN
    return None


async def _find_staleness(update: _Update, actor: Actor) -> RegistrationRefusal | None:
    expected = update.wanted.expected_version
    if expected is not None and update.differences and await has_visibly_changed(update.contract, expected, actor):
        return RegistrationRefusal.STALE_CONTRACT
    return None


async def _store(updates: Sequence[_Update], actor: Actor, signature: Signature, now: datetime) -> None:
    companies = [(update.contract.id, *update.wanted.company) for update in updates if update.differences.company]
    if companies:
        await execute(_UPDATE_COMPANIES, *map(list, zip(*companies, strict=True)))
    await end_links(
        [u.stored.account_id for u in updates if u.stored.account_id and "email" in u.differences.contractor]
    )
    await execute(_DELETE_MEMBERS, [id_ for update in updates for id_ in update.differences.removed])
    await write_rows(*_writes(updates, {"actor": actor, "at": now, **signature._asdict()}))
    for update in updates:
        _log(update, signature)


def _writes(updates: Iterable[_Update], event: Row) -> list[Write]:
    writes: list[Write] = []
    for update in updates:
        changed, version = update.differences, update.contract.facts.version + 1
        writes.append(Update(Contract, [{"id": update.contract.id, "version": version}]))
        if changed.contractor:
            person = update.wanted.contractor._asdict()
            writes.append(Update(Account, [{"id": update.stored.account_id, **person}]))
        members = {id_: {"id": id_, "name": row.name, "email": row.email} for id_, row in update.members.items()}
        contract_id = {"contract_id": update.contract.id}
        writes.append(Insert(MemberRow, [members[id_] | contract_id for id_ in changed.added]))
        writes.append(Update(MemberRow, [members[id_] for id_ in changed.changed]))
        writes.append(Insert(ContractEvent, _events(update, event)))
    return writes


def _events(update: _Update, event: Row) -> list[Row]:
    types = [EventType.REGISTRATION_CHANGED, *([EventType.MEMBERS_REMOVED] if update.differences.removed else [])]
    place = {"contract_id": update.contract.id, "version": update.contract.facts.version + 1}
    return [{**event, **place, "type": type_} for type_ in types]


def _log(update: _Update, signature: Signature) -> None:
    changed = update.differences
    log.info(
        "registration changed",
        contract_id=update.contract.id,
        account_id=signature.account_id,
        interface=signature.interface,
        members_added=len(changed.added),
        members_changed=len(changed.changed),
        members_removed=len(changed.removed),
    )
