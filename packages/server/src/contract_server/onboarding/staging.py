"""Staging tables: the lines of a file, until the file is complete and every contract's outcome is decided.

Theory. A file can have millions of members, and the last line of the file can belong to its first contract. So lines
are copied into temporary tables, which other sessions cannot see, and complete contracts are moved from there in one
transaction. The same transaction checks whether a contract or an address is already stored. If another session stores
the same address meanwhile, a unique index refuses it, and the transaction is repeated.

Every contract of the file has one row here, however damaged its lines are. That row has its outcome, so the totals add
up to the number of contracts in the file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import asyncpg

from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record

CONTRACT_COLUMNS = (
    "number",
    "line",
    "contract_id",
    "headless",
    "started_on",
    "started_at",
    "company_name",
    "company_address",
    "postal_code",
    "phone_number",
    "name",
    "email",
    "password_hash",
    "account_id",
    "event_id",
)
NO_VALUES = (None,) * len(CONTRACT_COLUMNS[4:])
MEMBER_COLUMNS = ("line", "contract", "id", "name", "email")
FAULT_COLUMNS = ("line", "contract", "field", "reason")

_NO_TIMEOUT = "SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '64MB'"  # a file may be very large
_TABLES = """
    CREATE TEMPORARY TABLE imported_contract (
        number bigint PRIMARY KEY, line bigint, contract_id uuid, headless boolean, outcome text, started_on date,
        started_at timestamptz, company_name text, company_address text, postal_code text, phone_number text,
        name text, email text, password_hash text, account_id uuid, event_id uuid
    );
    CREATE TEMPORARY TABLE imported_member (line bigint, contract bigint, id uuid, name text, email text);
    CREATE TEMPORARY TABLE imported_fault (line bigint, contract bigint, field text, reason text)
"""
_MERGE_SEPARATED_LINES = """
    WITH place AS (
        SELECT number, headless, first_value(number) OVER (PARTITION BY contract_id ORDER BY headless, number) AS first
          FROM imported_contract
         WHERE contract_id IN (SELECT contract_id FROM imported_contract WHERE headless)
    ), separated AS (
        SELECT number, first FROM place WHERE headless AND number <> first
    ), moved AS (
        UPDATE imported_fault SET contract = first FROM separated WHERE contract = number
    )
    DELETE FROM imported_contract USING separated WHERE imported_contract.number = separated.number
"""
"""Lines that are separated from their contract concern it, wherever it is in the file."""

_REFUSE_REPEATED_IDS = """
    INSERT INTO imported_fault
    SELECT line, number, 'contract_id', format('the contract in line %s has this id', first) FROM (
        SELECT line, number, first_value(line) OVER same AS first, row_number() OVER same AS place
          FROM imported_contract WHERE contract_id IS NOT NULL
        WINDOW same AS (PARTITION BY contract_id ORDER BY number)
    ) AS numbered WHERE place > 1
"""
_REFUSE_REPEATED_MEMBERS = """
    INSERT INTO imported_fault
    SELECT line, contract, 'email', 'this contract has a member with this address already' FROM (
        SELECT line, contract, row_number() OVER (PARTITION BY contract, email COLLATE "C" ORDER BY line) AS place
          FROM imported_member
    ) AS numbered WHERE place > 1
"""
_REFUSE_FAULTY = """
    UPDATE imported_contract SET outcome = 'refused'
     WHERE outcome IS NULL AND number IN (SELECT contract FROM imported_fault)
"""
_SKIP_STORED = """
    UPDATE imported_contract SET outcome = 'skipped'
     WHERE outcome IS NULL AND EXISTS (SELECT FROM contract WHERE contract.id = imported_contract.contract_id)
"""
_REFUSE_STORED_EMAILS = """
    INSERT INTO imported_fault
    SELECT line, number, 'email', 'an account with this address is there already' FROM imported_contract
     WHERE outcome IS NULL AND EXISTS (SELECT FROM account WHERE account.email = imported_contract.email)
"""
_REFUSE_REPEATED_EMAILS = """
    INSERT INTO imported_fault
    SELECT line, number, 'email', format('the contractor in line %s has this address', first) FROM (
        SELECT line, number, first_value(line) OVER same AS first, row_number() OVER same AS place
          FROM imported_contract WHERE outcome IS NULL
        WINDOW same AS (PARTITION BY email ORDER BY number)
    ) AS numbered WHERE place > 1
"""
_STORE_THE_REST = "UPDATE imported_contract SET outcome = 'stored' WHERE outcome IS NULL"
_DECIDE = (
    _MERGE_SEPARATED_LINES,
    _REFUSE_REPEATED_IDS,
    _REFUSE_REPEATED_MEMBERS,
    _REFUSE_FAULTY,
    _SKIP_STORED,
    _REFUSE_STORED_EMAILS,
    _REFUSE_FAULTY,
    _REFUSE_REPEATED_EMAILS,
    _REFUSE_FAULTY,
    _STORE_THE_REST,
)
_MOVE = (
    """
        INSERT INTO contract (id, version, status, started_on, applications)
        SELECT contract_id, 1, 'ACTIVE', started_on, 0 FROM imported_contract WHERE outcome = 'stored'
    """,
    """
        INSERT INTO contract_event (id, contract_id, version, at, type, actor)
        SELECT event_id, contract_id, 1, started_at, 'STARTED', 'CONTRACTOR' FROM imported_contract
         WHERE outcome = 'stored'
    """,
    """
        INSERT INTO company (contract_id, name, address, postal_code, phone_number)
        SELECT contract_id, company_name, company_address, postal_code, phone_number FROM imported_contract
         WHERE outcome = 'stored'
    """,
    """
        INSERT INTO account (id, role, name, email, password_hash, contract_id)
        SELECT account_id, 'CONTRACTOR', name, email, password_hash, contract_id FROM imported_contract
         WHERE outcome = 'stored'
    """,
    """
        INSERT INTO member (id, contract_id, name, email)
        SELECT member.id, contract_id, member.name, member.email
          FROM imported_member AS member JOIN imported_contract AS contract ON contract.number = member.contract
         WHERE outcome = 'stored'
    """,
)
_TOTALS = """
    SELECT count(*) FILTER (WHERE outcome = 'stored') AS contracts,
           count(*) FILTER (WHERE outcome = 'refused') AS refused_contracts,
           count(*) FILTER (WHERE outcome = 'skipped') AS skipped_contracts,
           (SELECT count(DISTINCT line) FROM imported_fault) AS refused_lines,
           (SELECT count(DISTINCT line) FROM imported_fault WHERE contract IS NULL) AS lines_of_no_contract
      FROM imported_contract
"""
_REFUSED_LINES = """
    SELECT fault.line, fault.field, fault.reason, contract.line AS contract_line
      FROM imported_fault AS fault LEFT JOIN imported_contract AS contract ON contract.number = fault.contract
     ORDER BY fault.line, contract.number
"""
_OUTCOMES = "SELECT line, contract_id::text, outcome FROM imported_contract ORDER BY number"


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A refused line: its number, field and reason, and where its contract begins. It does not quote the line."""

    line: int
    field: str
    reason: str
    contract_line: int | None
    """None if the line belongs to no contract."""


@dataclass(frozen=True, slots=True)
class ContractOutcome:
    """A contract of the file: its first line, its id if readable, and its outcome."""

    line: int
    contract_id: str | None
    outcome: Literal["stored", "refused", "skipped"]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The totals of an import: each contract is stored, refused or skipped."""

    contracts: int
    members: int
    refused_contracts: int
    skipped_contracts: int
    refused_lines: int
    lines_of_no_contract: int


class Staging:
    """The staging tables of one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.contracts: list[tuple[Any, ...]] = []  # these three lists are not yet copied
        self.members: list[tuple[Any, ...]] = []
        self.faults: list[tuple[Any, ...]] = []

    async def open(self) -> None:
        """Create the tables."""
        await self._connection.execute(_TABLES)

    async def close(self) -> None:
        """Drop the tables, because the connection returns to the pool."""
        await self._connection.execute("DROP TABLE imported_contract, imported_member, imported_fault")

    async def copy(self) -> None:
        """Copy the collected rows into the tables."""
        for table, rows, columns in (
            ("imported_contract", self.contracts, CONTRACT_COLUMNS),
            ("imported_member", self.members, MEMBER_COLUMNS),
            ("imported_fault", self.faults, FAULT_COLUMNS),
        ):
            if rows:
                await self._connection.copy_records_to_table(table, records=rows, columns=columns)
                rows.clear()

    async def store(self) -> ImportReport:
        """Decide the outcome of every contract, and store the complete ones."""
        await self.copy()
        await self._connection.execute("ANALYZE imported_contract, imported_member, imported_fault")
        while True:
            try:
                async with self._connection.transaction():
                    return await self._store()
            except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):  # another session was faster
                continue

    async def _store(self) -> ImportReport:
        await self._connection.execute(_NO_TIMEOUT)
        for statement in (*_DECIDE, *_MOVE):
            status = await self._connection.execute(statement)
        members = int(status.rpartition(" ")[2])
        report = ImportReport(members=members, **await self._connection.fetchrow(_TOTALS))
        if report.contracts:
            subject = f"{report.contracts} contracts, {report.members} members"
            await record(AuditAction.CONTRACTS_IMPORTED, subject=subject, execute=self._connection.execute)
        return report

    async def report(
        self, report_refusal: Callable[[RefusedLine], None], report_outcome: Callable[[ContractOutcome], None]
    ) -> None:
        """Report every refused line and every contract, in the order of the file."""
        async with self._connection.transaction():
            await self._connection.execute(_NO_TIMEOUT)
            async for row in self._connection.cursor(_REFUSED_LINES, prefetch=1_000):
                report_refusal(RefusedLine(**row))
            async for row in self._connection.cursor(_OUTCOMES, prefetch=1_000):
                report_outcome(ContractOutcome(**row))
