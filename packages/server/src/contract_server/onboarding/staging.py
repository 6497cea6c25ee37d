"""Staging tables: the lines of a file, until the file is complete and every contract's outcome is decided.

Theory. A file can have millions of members, and the last line of the file can belong to its first contract. So lines
are copied into temporary tables, which other sessions cannot see, and complete contracts are moved from there in one
transaction. The same transaction checks whether a contract or an address is already stored. If another session stores
the same address meanwhile, a unique index refuses it, and the transaction is repeated.

Every contract of the file has one row here, however damaged its lines are. That row has its outcome, so the totals add
up to the number of contracts in the file.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import asyncpg
import orjson

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
MEMBER_COLUMNS = ("line", "contract", "id", "named", "name", "email")
FAULT_COLUMNS = ("line", "contract", "field", "reason")

_NO_TIMEOUT = "SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '64MB'"  # a file may be very large
_TABLES = """
    CREATE TEMPORARY TABLE imported_contract (
        number bigint PRIMARY KEY, line bigint, contract_id uuid, headless boolean, outcome text, started_on date,
        started_at timestamptz, company_name text, company_address text, postal_code text, phone_number text,
        name text, email text, password_hash text, account_id uuid, event_id uuid, changes jsonb
    );
    CREATE TEMPORARY TABLE imported_member (
        line bigint, contract bigint, id uuid, named boolean, name text, email text
    );
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
_REFUSE_REPEATED_MEMBER_IDS = """
    INSERT INTO imported_fault
    SELECT line, contract, 'member_id', format('the member in line %s has this id', first) FROM (
        SELECT line, contract, first_value(line) OVER same AS first, row_number() OVER same AS place
          FROM imported_member WHERE named
        WINDOW same AS (PARTITION BY id ORDER BY line)
    ) AS numbered WHERE place > 1
"""
_REFUSE_STORED_MEMBER_IDS = """
    INSERT INTO imported_fault
    SELECT imported_member.line, number, 'member_id', 'a member of another contract has this id'
      FROM imported_member
      JOIN imported_contract ON number = contract
      JOIN member ON member.id = imported_member.id AND member.contract_id <> imported_contract.contract_id
     WHERE named
"""
_REFUSE_FAULTY = """
    UPDATE imported_contract SET outcome = 'refused'
     WHERE (outcome IS NULL OR outcome = 'updated') AND number IN (SELECT contract FROM imported_fault)
"""
_SET_STORED = """
    UPDATE imported_contract SET outcome = '{outcome}'
     WHERE outcome IS NULL AND EXISTS (SELECT FROM contract WHERE contract.id = imported_contract.contract_id)
"""
_REFUSE_OTHER_BEGINNINGS = """
    INSERT INTO imported_fault
    SELECT line, number, 'started_on', format('the contract began on %s, and that stays', contract.started_on)
      FROM imported_contract JOIN contract ON contract.id = contract_id
     WHERE outcome = 'updated' AND contract.started_on <> imported_contract.started_on
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
          FROM imported_contract WHERE outcome IS NULL OR outcome = 'updated'
        WINDOW same AS (PARTITION BY email ORDER BY number)
    ) AS numbered WHERE place > 1
"""
_STORE_THE_REST = "UPDATE imported_contract SET outcome = 'stored' WHERE outcome IS NULL"


def _decide(*stored: str) -> tuple[str, ...]:
    """The statements that decide the outcomes; `stored` are those about contracts that are stored already."""
    return (
        _MERGE_SEPARATED_LINES,
        _REFUSE_REPEATED_IDS,
        _REFUSE_REPEATED_MEMBERS,
        _REFUSE_REPEATED_MEMBER_IDS,
        _REFUSE_STORED_MEMBER_IDS,
        _REFUSE_FAULTY,
        *stored,
        _REFUSE_STORED_EMAILS,
        _REFUSE_FAULTY,
        _REFUSE_REPEATED_EMAILS,
        _REFUSE_FAULTY,
        _STORE_THE_REST,
    )


_DECIDE_IMPORT = _decide(_SET_STORED.format(outcome="skipped"))
_DECIDE_UPDATE = _decide(_SET_STORED.format(outcome="updated"), _REFUSE_OTHER_BEGINNINGS)
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
           count(*) FILTER (WHERE outcome = 'updated') AS updated_contracts,
           count(*) FILTER (WHERE outcome = 'unchanged') AS unchanged_contracts,
           coalesce(sum(jsonb_array_length(changes -> 'added')), 0)::int AS added_members,
           coalesce(sum(jsonb_array_length(changes -> 'changed')), 0)::int AS changed_members,
           coalesce(sum(jsonb_array_length(changes -> 'removed')), 0)::int AS removed_members,
           (SELECT count(DISTINCT line) FROM imported_fault) AS refused_lines,
           (SELECT count(DISTINCT line) FROM imported_fault WHERE contract IS NULL) AS lines_of_no_contract
      FROM imported_contract
"""
_REFUSED_LINES = """
    SELECT fault.line, fault.field, fault.reason, contract.line AS contract_line
      FROM imported_fault AS fault LEFT JOIN imported_contract AS contract ON contract.number = fault.contract
     ORDER BY fault.line, contract.number
"""
_OUTCOMES = "SELECT line, contract_id::text, outcome, changes FROM imported_contract ORDER BY number"
_INDEX_MEMBERS = "CREATE INDEX ON imported_member (contract)"
_NEXT_UPDATES = """
    SELECT * FROM (
        SELECT imported_contract.*, members,
               sum(1 + members) OVER (ORDER BY number) AS rows_so_far, row_number() OVER (ORDER BY number) AS place
          FROM (SELECT * FROM imported_contract WHERE outcome = 'updated' AND number > $1 ORDER BY number LIMIT $2 / 10)
                AS imported_contract,
               LATERAL (SELECT count(*) AS members FROM imported_member WHERE contract = number) AS counted
    ) AS next WHERE rows_so_far <= $2 OR place = 1 ORDER BY number
"""
_MEMBERS_OF = """
    SELECT contract, CASE WHEN named THEN id END AS id, name, email FROM imported_member
     WHERE contract = ANY ($1) ORDER BY line
"""
_RECORD_UPDATE = "UPDATE imported_contract SET outcome = $2, changes = $3 WHERE number = $1"
_RECORD_REFUSAL = """
    WITH refused AS (UPDATE imported_contract SET outcome = 'refused' WHERE number = $1 RETURNING line, number)
    INSERT INTO imported_fault SELECT line, number, $2, $3 FROM refused
"""


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
    outcome: Literal["stored", "updated", "unchanged", "refused", "skipped"]
    changes: Mapping[str, Sequence[str]] | None
    """What an update changes: names of fields, and ids of members. It has nothing personal."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The totals of an import: each contract is stored, updated, unchanged, refused or skipped."""

    contracts: int
    members: int
    updated_contracts: int
    added_members: int
    changed_members: int
    removed_members: int
    unchanged_contracts: int
    refused_contracts: int
    skipped_contracts: int
    refused_lines: int
    lines_of_no_contract: int


class StagedRegistration(NamedTuple):
    """The rows of a contract of the file that is stored already: its own, and those of its members."""

    contract: Any
    members: Sequence[Any]


class Staging:
    """The staging tables of one connection."""

    def __init__(self, connection: asyncpg.Connection, *, update: bool) -> None:
        """With `update`, contracts that are stored already get the outcome `updated`; else they are skipped."""
        self._connection = connection
        self._decide = _DECIDE_UPDATE if update else _DECIDE_IMPORT
        self._members = 0
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

    async def store(self) -> None:
        """Decide the outcome of every contract, and store the complete ones that are new."""
        await self.copy()
        await self._connection.execute("ANALYZE imported_contract, imported_member, imported_fault")
        while True:
            try:
                async with self._connection.transaction():
                    return await self._store()
            except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):  # another session was faster
                continue

    async def updates(self, batch: int) -> AsyncIterator[list[StagedRegistration]]:
        """Yield the registrations of contracts that are stored already, some at once, in the order of the file.

        Those of one batch have up to `batch` lines, or there is one contract in it.
        """
        await self._connection.execute(_INDEX_MEMBERS)
        number = 0
        while rows := await self._connection.fetch(_NEXT_UPDATES, number, batch):
            number = rows[-1]["number"]
            members: dict[int, list[Any]] = {row["number"]: [] for row in rows}
            for row in await self._connection.fetch(_MEMBERS_OF, list(members)):
                members[row["contract"]].append(row)
            yield [StagedRegistration(row, members[row["number"]]) for row in rows]

    async def record_update(self, number: int, changes: Mapping[str, Sequence[str]] | None) -> None:
        """Record what the update of a contract changes; None if it changes nothing."""
        outcome = "updated" if changes else "unchanged"
        await self._connection.execute(
            _RECORD_UPDATE, number, outcome, orjson.dumps(changes, default=str).decode() if changes else None
        )

    async def record_refusal(self, number: int, field: str, reason: str) -> None:
        """Record that the update of a contract was refused."""
        await self._connection.execute(_RECORD_REFUSAL, number, field, reason)

    async def totals(self) -> ImportReport:
        """Return the totals of all outcomes."""
        return ImportReport(members=self._members, **await self._connection.fetchrow(_TOTALS))

    async def _store(self) -> None:
        await self._connection.execute(_NO_TIMEOUT)
        for statement in (*self._decide, *_MOVE):
            status = await self._connection.execute(statement)
        self._members = int(status.rpartition(" ")[2])
        totals = await self.totals()
        if totals.contracts:
            subject = f"{totals.contracts} contracts, {totals.members} members"
            await record(AuditAction.CONTRACTS_IMPORTED, subject=subject, execute=self._connection.execute)

    async def report(
        self, report_refusal: Callable[[RefusedLine], None], report_outcome: Callable[[ContractOutcome], None]
    ) -> None:
        """Report every refused line and every contract, in the order of the file."""
        async with self._connection.transaction():
            await self._connection.execute(_NO_TIMEOUT)
            async for row in self._connection.cursor(_REFUSED_LINES, prefetch=1_000):
                report_refusal(RefusedLine(**row))
            async for row in self._connection.cursor(_OUTCOMES, prefetch=1_000):
                changes = row["changes"] and orjson.loads(row["changes"])
                report_outcome(ContractOutcome(**{**row, "changes": changes}))
