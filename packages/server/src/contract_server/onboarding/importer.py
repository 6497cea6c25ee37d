"""Import of a file: each contract is stored completely, with its contractor and members, or not at all.

Theory. Every contract of the file ends as stored, updated, unchanged, refused or skipped. So the whole file is first
read into the database (`staging`), each fault with the contract that it concerns, and the outcomes are decided there. A
line concerns the contract whose id it names; if it names none, it concerns the contract above it.

With `update`, a contract that is stored already is not skipped: its registration is replaced (`registration.updates`).
New contracts are stored in one transaction, updates in one for some contracts each, so that no contractor waits long
for a lock.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any, assert_never

import asyncpg
from uuid_utils.compat import uuid7

from contract_rules import complete
from contract_server.contracts.registration.differences import (
    Company,
    Contractor,
    Member,
    Registration,
    RegistrationRefusal,
)
from contract_server.contracts.registration.updates import UpdateResult
from contract_server.onboarding.checks import Checks, Fault
from contract_server.onboarding.lines import BrokenLine, Kind, Line, Mention
from contract_server.onboarding.staging import (
    NO_VALUES,
    ContractOutcome,
    ImportReport,
    RefusedLine,
    StagedRegistration,
    Staging,
)
from contract_server.policies.policies import ServedPolicies

BATCH = 10_000

UPDATE_BATCH = 2_000
"""How many lines of updates are stored in one transaction; a contract with more is stored in one of its own."""

Update = Callable[[Sequence[Registration]], Awaitable[Sequence[UpdateResult]]]
"""Replaces the registrations of contracts that are stored already."""

REFUSALS: Mapping[RegistrationRefusal, tuple[str, str]] = complete(
    "REFUSALS",
    RegistrationRefusal,
    {
        RegistrationRefusal.CONTRACT_NOT_FOUND: ("contract_id", "the contract is no longer stored"),
        RegistrationRefusal.CONTRACT_ERASED: ("contract_id", "the contract was erased: leave it out"),
        RegistrationRefusal.SERVICE_ENDED: (
            "contract_id",
            "the service has ended: only the contractor's address may change; write the rest as it is stored",
        ),
        RegistrationRefusal.ERASURE_HELD: (
            "contract_id",
            "the erasure is on hold: only new members and the contractor's address are taken; write the rest as it is",
        ),
        RegistrationRefusal.STALE_CONTRACT: ("contract_id", "the contract has changed since this version"),
        RegistrationRefusal.EMAIL_TAKEN: (
            "email",
            "an account with this address is there already; let it take another address first, in an earlier file",
        ),
        RegistrationRefusal.MEMBER_ID_TAKEN: ("member_id", "a member of another contract has this id"),
        RegistrationRefusal.NO_CONTRACTOR: (
            "name",
            "the contract has no contractor: add one with `contract-server user add`",
        ),
    },
)
"""The field that each refusal of an update is about, and why."""

APART = "expected the line of this contract directly above its members"
NO_CONTRACT_ID = "expected the id of the contract above"


class Importer:
    """Imports one file over one connection."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        *,
        policies: ServedPolicies,
        now: datetime,
        unusable_hash: str,
        report_refusal: Callable[[RefusedLine], None],
        report_outcome: Callable[[ContractOutcome], None],
        update: Update | None = None,
        batch: int = BATCH,
    ) -> None:
        """Contractors without a password get `unusable_hash`, and set a password by the link in a mail."""
        self._staging = Staging(connection, update=update is not None)
        self._update = update
        self._zone = policies.zone
        self._checks = Checks(policies.today(now))
        self._unusable_hash = unusable_hash
        self._report_refusal = report_refusal
        self._report_outcome = report_outcome
        self._batch = batch
        self._number = 0
        self._contract: _Contract | None = None  # the one whose lines are being read
        self._unplaced: tuple[int, Fault] | None = None  # the fault of the line above, if it names no contract

    async def run(self, lines: Iterable[Line | BrokenLine]) -> ImportReport:
        """Import all lines, and report every contract and every refused line."""
        await self._staging.open()
        for place, line in enumerate(lines, 1):
            self._take(line)
            if place % self._batch == 0:
                await self._staging.copy()
        self._place(self._contract)
        self._finish_contract()
        await self._staging.store()
        if self._update:
            await self._put_registrations(self._update)
        report = await self._staging.totals()
        await self._staging.report(self._report_refusal, self._report_outcome)
        await self._staging.close()
        return report

    async def _put_registrations(self, update: Update) -> None:
        async for batch in self._staging.updates(UPDATE_BATCH):
            results = await update([_registration(staged) for staged in batch])
            for staged, result in zip(batch, results, strict=True):
                number = staged.contract["number"]
                if result.refusal:
                    await self._staging.record_refusal(number, *REFUSALS[result.refusal])
                else:
                    changes = asdict(result.differences) if result.differences else None
                    await self._staging.record_update(number, changes)

    def _take(self, line: Line | BrokenLine) -> None:
        if isinstance(line, BrokenLine):
            self._take_broken(line)
            return
        match line.kind:
            case Kind.MEMBER:
                self._take_member(line)
            case Kind.CONTRACT:
                self._take_contract(line)
            case unknown:
                assert_never(unknown)

    def _take_member(self, line: Line) -> None:
        contract = self._contract
        if contract and contract.written == line.record.get("contract_id") and not self._unplaced:
            self._add_member(line, contract)
        else:
            self._take_other_member(line)

    def _take_contract(self, line: Line) -> None:
        contract = self._begin_contract(line.mention, line.number)
        contract.written = line.record.get("contract_id")
        values, faults = self._checks.contract(line)
        self._add_faults(line.number, contract, faults)
        if not faults:
            contract.values = (
                values["started_on"],
                datetime.combine(values["started_on"], time(), self._zone),
                values["company_name"],
                values["company_address"],
                values["postal_code"],
                values["phone_number"],
                values["name"],
                values["email"],
                values.get("password_hash", self._unusable_hash),
                uuid7(),
                uuid7(),
            )

    def _take_other_member(self, line: Line) -> None:
        """Stage a member whose line does not name the contract above."""
        mention, above = line.mention, self._contract
        contract = self._contract_of(mention, line.number)
        if mention.contract_id is None:
            self._add_faults(line.number, contract, [Fault("contract_id", NO_CONTRACT_ID)])
        elif contract is not above:
            self._add_faults(line.number, contract, [Fault("contract_id", APART)])
        if contract:
            self._add_member(line, contract)

    def _take_broken(self, line: BrokenLine) -> None:
        fault = Fault(line.field, line.reason)
        for mention in line.mentions:
            if mention == Mention(None, None):
                self._place(self._contract)
                self._unplaced = line.number, fault
            else:
                self._add_faults(line.number, self._contract_of(mention, line.number), [fault])
        if not line.mentions:
            self._add_faults(line.number, None, [fault])

    def _add_member(self, line: Line, contract: "_Contract") -> None:
        values, faults = self._checks.member(line)
        if faults:
            self._add_faults(line.number, contract, faults)
        else:
            member_id = values.get("member_id")
            row = (member_id or uuid7(), member_id is not None, values["name"], values["email"])
            self._staging.members.append((line.number, contract.number, *row))

    def _contract_of(self, mention: Mention, line: int) -> "_Contract | None":
        """The contract that a line concerns: the one above, unless the line begins a contract or names another."""
        above = self._contract
        begins = mention.kind is Kind.CONTRACT and not (above and above.is_continued_by(mention, line))
        if begins or (mention.contract_id and not (above and above.may_be(mention))):
            return self._begin_contract(mention, line)
        self._place(above)
        if above:
            above.id = above.id or mention.contract_id
        return above

    def _begin_contract(self, mention: Mention, line: int) -> "_Contract":
        """End the contract above and begin the next.

        If the contract begins with a member, its own line may be the unplaced broken line above.
        """
        headless = mention.kind is not Kind.CONTRACT
        if not headless:
            self._place(self._contract)
        self._finish_contract()
        self._number += 1
        begins_in = self._unplaced[0] if self._unplaced else line
        self._contract = _Contract(self._number, begins_in, mention.contract_id, headless)
        self._place(self._contract)
        return self._contract

    def _place(self, contract: "_Contract | None") -> None:
        """Assign the fault of the unplaced line to the contract that it turned out to concern."""
        if self._unplaced:
            line, fault = self._unplaced
            self._unplaced = None
            self._add_faults(line, contract, [fault])

    def _add_faults(self, line: int, contract: "_Contract | None", faults: Iterable[Fault]) -> None:
        number = contract and contract.number
        self._staging.faults.extend((line, number, fault.field, fault.reason) for fault in faults)

    def _finish_contract(self) -> None:
        if contract := self._contract:
            row = (contract.number, contract.line, contract.id, contract.headless)
            self._staging.contracts.append((*row, *(contract.values or NO_VALUES)))


def _registration(staged: StagedRegistration) -> Registration:
    row = staged.contract
    return Registration(
        contract_id=row["contract_id"],
        company=Company(row["company_name"], row["company_address"], row["postal_code"], row["phone_number"]),
        contractor=Contractor(row["name"], row["email"]),
        members=[Member(member["name"], member["email"], member["id"]) for member in staged.members],
    )


@dataclass(slots=True)
class _Contract:
    """The contract whose lines are being read."""

    number: int
    line: int
    id: str | None
    headless: bool
    written: object = None
    values: tuple[Any, ...] | None = None

    def may_be(self, mention: Mention) -> bool:
        """Whether its id is the mentioned one, or was lost."""
        return self.id in (None, mention.contract_id)

    def is_continued_by(self, mention: Mention, line: int) -> bool:
        """Whether the line below is the rest of its own: the one has the id, the other says that it is a contract's."""
        return self.headless and mention.contract_id is None and line == self.line + 1
