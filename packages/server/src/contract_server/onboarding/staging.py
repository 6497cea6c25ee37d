"""Where the lines of a file wait in the database until all of it has been read, and are judged as a whole.

Theory. Members come in by the million, and a contract is imported whole or not at all, even where a line at the end
of the file belongs to it. So lines are copied into temporary tables, which other sessions cannot see, and the whole
contracts are moved from there in one transaction. What only the database knows, whether a contract or an address is
there already, is asked in that transaction. If another session stores the same address meanwhile, a unique index
refuses it, and the question is asked again.

Every contract of the file has one row here, however damaged its lines are. Its outcome stands in that row, so the
totals are the number of contracts in the file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import asyncpg

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

_UNHURRIED = "SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '64MB'"  # a file may be very large
_TABLES = """
    CREATE TEMPORARY TABLE imported_contract (
        number bigint PRIMARY KEY, line bigint, contract_id uuid, headless boolean, outcome text, started_on date,
        started_at timestamptz, company_name text, company_address text, postal_code text, phone_number text,
        name text, email text, password_hash text, account_id uuid, event_id uuid
    );
    CREATE TEMPORARY TABLE imported_member (line bigint, contract bigint, id uuid, name text, email text);
    CREATE TEMPORARY TABLE imported_fault (line bigint, contract bigint, field text, reason text)
"""
_BRING_HOME = """
    WITH place AS (
        SELECT number, headless, first_value(number) OVER (PARTITION BY contract_id ORDER BY headless, number) AS home
          FROM imported_contract
         WHERE contract_id IN (SELECT contract_id FROM imported_contract WHERE headless)
    ), strayed AS (
        SELECT number, home FROM place WHERE headless AND number <> home
    ), told AS (
        UPDATE imported_fault SET contract = home FROM strayed WHERE contract = number
    )
    DELETE FROM imported_contract USING strayed WHERE imported_contract.number = strayed.number
"""
"""Lines that stand apart from their contract concern it all the same, wherever in the file it is."""

_REFUSE_IDS_THAT_ARE_TWICE_IN_THE_FILE = """
    INSERT INTO imported_fault
    SELECT line, number, 'contract_id', format('the contract in line %s has this id', first) FROM (
        SELECT line, number, first_value(line) OVER same AS first, row_number() OVER same AS place
          FROM imported_contract WHERE contract_id IS NOT NULL
        WINDOW same AS (PARTITION BY contract_id ORDER BY number)
    ) AS found WHERE place > 1
"""
_REFUSE_MEMBERS_THAT_ARE_TWICE_IN_A_CONTRACT = """
    INSERT INTO imported_fault
    SELECT line, contract, 'email', 'this contract has a member with this address already' FROM (
        SELECT line, contract, row_number() OVER (PARTITION BY contract, email COLLATE "C" ORDER BY line) AS place
          FROM imported_member
    ) AS found WHERE place > 1
"""
_REFUSE_FAULTY = """
    UPDATE imported_contract SET outcome = 'refused'
     WHERE outcome IS NULL AND number IN (SELECT contract FROM imported_fault)
"""
_SKIP_PRESENT = """
    UPDATE imported_contract SET outcome = 'skipped'
     WHERE outcome IS NULL AND EXISTS (SELECT FROM contract WHERE contract.id = imported_contract.contract_id)
"""
_REFUSE_ADDRESSES_THAT_ARE_THERE = """
    INSERT INTO imported_fault
    SELECT line, number, 'email', 'an account with this address is there already' FROM imported_contract
     WHERE outcome IS NULL AND EXISTS (SELECT FROM account WHERE account.email = imported_contract.email)
"""
_REFUSE_ADDRESSES_THAT_ARE_TWICE_IN_THE_FILE = """
    INSERT INTO imported_fault
    SELECT line, number, 'email', format('the contractor in line %s has this address', first) FROM (
        SELECT line, number, first_value(line) OVER same AS first, row_number() OVER same AS place
          FROM imported_contract WHERE outcome IS NULL
        WINDOW same AS (PARTITION BY email ORDER BY number)
    ) AS found WHERE place > 1
"""
_STORE_THE_REST = "UPDATE imported_contract SET outcome = 'stored' WHERE outcome IS NULL"
_JUDGE = (
    _BRING_HOME,
    _REFUSE_IDS_THAT_ARE_TWICE_IN_THE_FILE,
    _REFUSE_MEMBERS_THAT_ARE_TWICE_IN_A_CONTRACT,
    _REFUSE_FAULTY,
    _SKIP_PRESENT,
    _REFUSE_ADDRESSES_THAT_ARE_THERE,
    _REFUSE_FAULTY,
    _REFUSE_ADDRESSES_THAT_ARE_TWICE_IN_THE_FILE,
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
    """A line that is not imported: which, what of it, why, and where its contract begins. Nothing that stands in it."""

    line: int
    field: str
    reason: str
    contract_line: int | None
    """None: it is no part of a contract."""


@dataclass(frozen=True, slots=True)
class ContractOutcome:
    """A contract of the file: the line that it begins in, its id where that is legible, and what became of it."""

    line: int
    contract_id: str | None
    outcome: Literal["stored", "refused", "skipped"]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of a file: each of its contracts is stored, refused or skipped."""

    contracts: int
    members: int
    refused_contracts: int
    skipped_contracts: int
    refused_lines: int
    lines_of_no_contract: int


class Staging:
    """The lines of a file on their way into the database."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.contracts: list[tuple[Any, ...]] = []  # these three are not yet copied
        self.members: list[tuple[Any, ...]] = []
        self.faults: list[tuple[Any, ...]] = []

    async def open(self) -> None:
        """Make room."""
        await self._connection.execute(_TABLES)

    async def close(self) -> None:
        """Leave nothing behind in a connection that others may get."""
        await self._connection.execute("DROP TABLE imported_contract, imported_member, imported_fault")

    async def copy(self) -> None:
        """Copy in what waits."""
        for table, rows, columns in (
            ("imported_contract", self.contracts, CONTRACT_COLUMNS),
            ("imported_member", self.members, MEMBER_COLUMNS),
            ("imported_fault", self.faults, FAULT_COLUMNS),
        ):
            if rows:
                await self._connection.copy_records_to_table(table, records=rows, columns=columns)
                rows.clear()

    async def store(self) -> ImportReport:
        """Judge all contracts, and move those that are whole to where other sessions see them."""
        await self.copy()
        await self._connection.execute("ANALYZE imported_contract, imported_member, imported_fault")
        while True:
            try:
                async with self._connection.transaction():
                    return await self._store()
            except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):  # another session was faster
                continue

    async def _store(self) -> ImportReport:
        await self._connection.execute(_UNHURRIED)
        for statement in (*_JUDGE, *_MOVE):
            done = await self._connection.execute(statement)
        members = int(done.rpartition(" ")[2])
        totals = await self._connection.fetchrow(_TOTALS)
        return ImportReport(members=members, **totals)

    async def report(self, refuse: Callable[[RefusedLine], None], settle: Callable[[ContractOutcome], None]) -> None:
        """Name every refused line, and every contract, in the order of the file."""
        async with self._connection.transaction():
            await self._connection.execute(_UNHURRIED)
            async for row in self._connection.cursor(_REFUSED_LINES, prefetch=1_000):
                refuse(RefusedLine(**row))
            async for row in self._connection.cursor(_OUTCOMES, prefetch=1_000):
                settle(ContractOutcome(**row))
