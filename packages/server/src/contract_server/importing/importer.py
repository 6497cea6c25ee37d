"""Importing a file: each contract with its contractor and members whole, or not at all."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import asyncpg
from uuid_utils.compat import uuid7

from contract_server.contracts.policies import ServedPolicies
from contract_server.importing.checks import Checks
from contract_server.importing.lines import Line, RefusedLine
from contract_server.importing.staging import Staging

BATCH = 10_000

Refuse = Callable[[RefusedLine], None]


@dataclass(slots=True)
class ImportReport:
    """What came of a file."""

    contracts: int = 0
    members: int = 0
    refused_contracts: int = 0
    refused_lines: int = 0


class Importer:
    """Imports one file over one connection."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        *,
        policies: ServedPolicies,
        now: datetime,
        unusable_hash: str,
        refuse: Refuse,
        batch: int = BATCH,
    ) -> None:
        """A contractor who brings no password gets `unusable_hash`, and sets one by the link in a mail."""
        self._staging = Staging(connection)
        self._zone = policies.zone
        self._checks = Checks(policies.today(now))
        self._unusable_hash = unusable_hash
        self._tell = refuse
        self._batch = batch
        self._report = ImportReport()
        self._contracts: list[tuple[Any, ...]] = []  # not yet copied
        self._members: list[tuple[Any, ...]] = []  # nor these
        self._staged = 0
        self._complete = 0
        self._present: _Present | None = None

    async def run(self, lines: Iterable[Line | RefusedLine]) -> ImportReport:
        """Import them all; what is stored is stored batch by batch."""
        await self._staging.open()
        for line in lines:
            await self._take(line)
        await self._finish_contract()
        await self._store()
        await self._staging.close()
        return self._report

    async def _take(self, line: Line | RefusedLine) -> None:
        if isinstance(line, RefusedLine):
            self._refuse([line])
            return
        match line.record.get("record"):
            case "member":
                await self._take_member(line)
            case "contract":
                await self._finish_contract()
                self._begin_contract(line)
            case _:
                self._refuse([RefusedLine(line.number, "record", "expected contract or member")])

    def _begin_contract(self, line: Line) -> None:
        found, wrong = self._checks.contract(line)
        self._present = _Present(line.number, line.record.get("contract_id"), first_member=len(self._members))
        self._refuse(wrong)
        if not wrong:
            self._contracts.append(
                (
                    line.number,
                    found["contract_id"],
                    found["started_on"],
                    datetime.combine(found["started_on"], time(), self._zone),
                    found["company_name"],
                    found["company_address"],
                    found["postal_code"],
                    found["phone_number"],
                    found["name"],
                    found["email"],
                    found.get("password_hash", self._unusable_hash),
                    uuid7(),
                    uuid7(),
                )
            )

    async def _take_member(self, line: Line) -> None:
        contract = self._present
        if contract is None or line.record.get("contract_id") != contract.id:
            # it says itself that it is another's: the contract above it is none the worse
            self._count([RefusedLine(line.number, "contract_id", "expected the contract of the line above")])
            return
        found, wrong = self._checks.member(line)
        self._refuse(wrong)
        if not contract.spoilt:
            self._members.append((line.number, contract.line, uuid7(), found["name"], found["email"]))
            if len(self._members) >= self._batch:
                await self._stage()

    async def _finish_contract(self) -> None:
        """The contract above has come to its end: it is whole, or forgotten."""
        contract, self._present = self._present, None
        if contract is None:
            return
        if contract.spoilt:
            self._report.refused_contracts += 1
            del self._members[contract.first_member :]
            if self._contracts and self._contracts[-1][0] == contract.line:
                self._contracts.pop()
            if contract.staged:
                await self._staging.discard([contract.line])
        else:
            self._complete += 1
        if self._staged + len(self._contracts) + len(self._members) >= self._batch:
            await self._store()

    async def _stage(self) -> None:
        await self._staging.add(self._contracts, self._members)
        self._staged += len(self._contracts) + len(self._members)
        self._contracts.clear()
        self._members.clear()
        if self._present is not None:
            self._present.staged = True
            self._present.first_member = 0

    async def _store(self) -> None:
        await self._stage()
        stored, refused = await self._staging.store()
        self._count(refused)
        self._report.contracts += stored["contract"]
        self._report.members += stored["member"]
        self._report.refused_contracts += self._complete - stored["contract"]
        self._staged = self._complete = 0

    def _refuse(self, lines: list[RefusedLine]) -> None:
        """Lines are wrong, and with them the contract that they stand in."""
        if lines and self._present is not None:
            self._present.spoilt = True
        self._count(lines)

    def _count(self, lines: list[RefusedLine]) -> None:
        for line in lines:
            self._tell(line)
        self._report.refused_lines += len({line.line for line in lines})


@dataclass(slots=True)
class _Present:
    """The contract whose lines are being read."""

    line: int
    id: object
    first_member: int
    staged: bool = False
    spoilt: bool = False
