"""Where lines wait in the database until all of their contract is there and right.

Theory. Members come in by the million, and a contract is imported whole or not at all, even where its last line is
wrong. So lines are copied into temporary tables first, where nobody sees them and nothing is written twice to the
log of the database, and moved from there in one transaction, many contracts at a time. What only the database
knows, whether a contract or an address is there already, is asked in that transaction; whoever comes in between
makes a unique index refuse it, and it is asked again.
"""

from collections import Counter
from typing import Any

import asyncpg

from contract_server.importing.lines import RefusedLine

CONTRACT_COLUMNS = (
    "line",
    "id",
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
MEMBER_COLUMNS = ("line", "contract_line", "id", "name", "email")

_PATIENCE = "SET LOCAL statement_timeout = 0"  # a contract may be very large
_TABLES = """
    CREATE TEMPORARY TABLE imported_contract (
        line bigint PRIMARY KEY, id uuid, started_on date, started_at timestamptz, company_name text,
        company_address text, postal_code text, phone_number text, name text, email text, password_hash text,
        account_id uuid, event_id uuid
    );
    CREATE TEMPORARY TABLE imported_member (line bigint, contract_line bigint, id uuid, name text, email text)
"""
_CONFLICTS = """
    SELECT line, line AS contract_line, 'contract_id' AS field FROM imported_contract
     WHERE EXISTS (SELECT FROM contract WHERE contract.id = imported_contract.id)
    UNION ALL
    SELECT line, line, 'email' FROM imported_contract
     WHERE EXISTS (SELECT FROM account WHERE account.email = imported_contract.email)
    UNION ALL
    SELECT line, line, 'contract_id' FROM (
        SELECT line, row_number() OVER (PARTITION BY id ORDER BY line) AS place FROM imported_contract
    ) AS same WHERE place > 1
    UNION ALL
    SELECT line, line, 'email' FROM (
        SELECT line, row_number() OVER (PARTITION BY email ORDER BY line) AS place FROM imported_contract
    ) AS same WHERE place > 1
    UNION ALL
    SELECT line, contract_line, 'email of a member' FROM (
        SELECT line, contract_line, row_number() OVER (PARTITION BY contract_line, email ORDER BY line) AS place
          FROM imported_member
    ) AS same WHERE place > 1
"""
_REASONS = {
    "contract_id": "a contract with this id is there already",
    "email": "an account with this address is there already",
    "email of a member": "this contract has a member with this address already",
}
_DISCARD = (
    "DELETE FROM imported_member WHERE contract_line = ANY ($1::bigint[])",
    "DELETE FROM imported_contract WHERE line = ANY ($1::bigint[])",
)
_MOVE = {
    "contract": """
        INSERT INTO contract (id, version, status, started_on, applications)
        SELECT id, 1, 'ACTIVE', started_on, 0 FROM imported_contract
    """,
    "event": """
        INSERT INTO contract_event (id, contract_id, version, at, type, actor)
        SELECT event_id, id, 1, started_at, 'STARTED', 'CONTRACTOR' FROM imported_contract
    """,
    "company": """
        INSERT INTO company (contract_id, name, address, postal_code, phone_number)
        SELECT id, company_name, company_address, postal_code, phone_number FROM imported_contract
    """,
    "account": """
        INSERT INTO account (id, role, name, email, password_hash, contract_id)
        SELECT account_id, 'CONTRACTOR', name, email, password_hash, id FROM imported_contract
    """,
    "member": """
        INSERT INTO member (id, contract_id, name, email)
        SELECT member.id, contract.id, member.name, member.email
          FROM imported_member AS member JOIN imported_contract AS contract ON contract.line = member.contract_line
         ORDER BY member.line
    """,
}
_FORGET = "TRUNCATE imported_contract, imported_member"


class Staging:
    """The lines of whole contracts on their way into the database."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def open(self) -> None:
        """Make room."""
        await self._connection.execute(_TABLES)

    async def close(self) -> None:
        """Leave nothing behind in a connection that others may get."""
        await self._connection.execute("DROP TABLE IF EXISTS imported_contract, imported_member")

    async def add(self, contracts: list[tuple[Any, ...]], members: list[tuple[Any, ...]]) -> None:
        """Copy lines in."""
        copy = self._connection.copy_records_to_table
        await copy("imported_contract", records=contracts, columns=CONTRACT_COLUMNS)
        await copy("imported_member", records=members, columns=MEMBER_COLUMNS)

    async def discard(self, contract_lines: list[int]) -> None:
        """Forget contracts with their members."""
        for statement in _DISCARD:
            await self._connection.execute(statement, contract_lines)

    async def store(self) -> tuple[Counter[str], list[RefusedLine]]:
        """Move all contracts that are here to where everybody sees them.

        Returns:
            How many rows there are more by table, and the lines whose contracts are refused.
        """
        while True:
            try:
                async with self._connection.transaction():
                    await self._connection.execute(_PATIENCE)
                    return await self._store()
            except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):  # somebody was faster: it is seen now
                continue

    async def _store(self) -> tuple[Counter[str], list[RefusedLine]]:
        conflicts = await self._connection.fetch(_CONFLICTS)
        if conflicts:
            await self.discard(list({row["contract_line"] for row in conflicts}))
        stored: Counter[str] = Counter()
        for table, statement in _MOVE.items():
            done = await self._connection.execute(statement)
            stored[table] = int(done.rpartition(" ")[2])
        await self._connection.execute(_FORGET)
        return stored, [
            RefusedLine(row["line"], row["field"].partition(" ")[0], _REASONS[row["field"]]) for row in conflicts
        ]
