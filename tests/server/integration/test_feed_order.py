"""Any interleaving of transactions: a reader that goes on gets each committed change once, in order."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from tests.server.workbench import sql

from contract_server.db.connection import database
from contract_server.integration import feed
from contract_server.integration.feed import ChangeCursor, find_changes
from contract_server.settings import Settings

CONTRACTS, WRITERS = 2, 2
Result = TypeVar("Result")

ADD_CONTRACT = (
    "INSERT INTO contract (id, version, status, started_on, applications) VALUES ($1, 1, 'ACTIVE', '2024-01-01', 0)"
)
NEXT_VERSION = "UPDATE contract SET version = version + 1 WHERE id = $1 RETURNING version"
ADD_EVENT = (
    "INSERT INTO contract_event (id, contract_id, at, type, actor, version)"
    " VALUES ($1, $2, clock_timestamp(), 'ERASURE_HELD', 'OPERATOR', $3)"
)
LOCK_SOME = "SELECT FROM contract_event WHERE contract_id = $1 FOR UPDATE SKIP LOCKED"


class Writer:
    """A connection that changes contracts in transactions of any length."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.transaction: Any = None
        self.written: list[tuple[UUID, UUID, int]] = []

    async def change(self, contract_id: UUID) -> None:
        if self.transaction is None:
            self.transaction = self.connection.transaction()
            await self.transaction.start()
        version = await self.connection.fetchval(NEXT_VERSION, contract_id)
        event_id = uuid4()
        await self.connection.execute(ADD_EVENT, event_id, contract_id, version)
        self.written.append((event_id, contract_id, version))

    async def end(self, *, commit: bool) -> list[tuple[UUID, UUID, int]]:
        """End the transaction, if there is one; what it has committed."""
        transaction, written = self.transaction, self.written
        self.transaction, self.written = None, []
        if transaction is None:
            return []
        await (transaction.commit() if commit else transaction.rollback())
        return written if commit else []


class AnyInterleaving(RuleBasedStateMachine):
    """Writers with open transactions, a sealer that locks rows, and a reader that goes on from its last cursor."""

    runner: ClassVar[asyncio.Runner]
    settings: ClassVar[Settings]

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    @initialize()
    def connect(self) -> None:
        self.stack = AsyncExitStack()
        self.contracts = [uuid4() for _ in range(CONTRACTS)]
        self.committed: list[tuple[UUID, UUID, int]] = []
        self.read: list[tuple[UUID, UUID, int]] = []
        self.cursor: ChangeCursor | None = None
        self.run(self._connect())

    async def _connect(self) -> None:
        await self.stack.enter_async_context(database(self.settings))
        await sql("DELETE FROM contract_event")
        for contract_id in self.contracts:
            await sql(ADD_CONTRACT, contract_id)
        self.writers = [Writer(await self._connection()) for _ in range(WRITERS)]
        self.sealer = await self._connection()
        self.sealing: Any = None

    async def _connection(self) -> asyncpg.Connection:
        connection = await asyncpg.connect(self.settings.database_url.get_secret_value())
        self.stack.push_async_callback(connection.close)
        return connection

    @rule(writer=st.integers(0, WRITERS - 1), contract=st.integers(0, CONTRACTS - 1))
    def change(self, writer: int, contract: int) -> None:
        """Change a contract, unless another transaction has it locked."""
        contract_id, others = self.contracts[contract], (w for w in self.writers if w is not self.writers[writer])
        if not any(contract_id == locked for other in others for _, locked, _ in other.written):
            self.run(self.writers[writer].change(contract_id))

    @rule(writer=st.integers(0, WRITERS - 1), commit=st.booleans())
    def end(self, writer: int, commit: bool) -> None:
        self.committed += self.run(self.writers[writer].end(commit=commit))

    @precondition(lambda self: self.sealing is None)
    @rule(contract=st.integers(0, CONTRACTS - 1))
    def lock_events(self, contract: int) -> None:
        self.sealing = self.sealer.transaction()
        self.run(self._lock(self.contracts[contract]))

    async def _lock(self, contract_id: UUID) -> None:
        await self.sealing.start()
        await self.sealer.execute(LOCK_SOME, contract_id)

    @precondition(lambda self: self.sealing is not None)
    @rule()
    def unlock_events(self) -> None:
        sealing, self.sealing = self.sealing, None
        self.run(sealing.rollback())

    @rule(size=st.integers(1, 3))
    def read_a_page(self, size: int) -> None:
        page = self.run(find_changes(self.cursor, size))
        self.read += [(change.id, change.contract_id, change.version or 0) for change in page.items]
        self.cursor = page.items[-1].cursor if page.items else self.cursor

    def teardown(self) -> None:
        """End all transactions, read to the end, and compare."""
        if not hasattr(self, "stack"):
            return
        for writer in range(WRITERS):
            self.end(writer, commit=True)
        if self.sealing is not None:
            self.unlock_events()
        for _ in self.committed:
            self.read_a_page(1)
        self.run(self.stack.aclose())
        assert sorted(self.read) == sorted(self.committed)
        for contract_id in self.contracts:
            versions = [version for _, found, version in self.read if found == contract_id]
            assert versions == sorted(versions)


def test_a_reader_misses_nothing_and_gets_nothing_twice(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "BATCH", 3)  # less than what waits at times
    AnyInterleaving.settings = settings
    examples = hypothesis_settings(max_examples=20, stateful_step_count=40, deadline=None)
    with asyncio.Runner() as AnyInterleaving.runner:
        run_state_machine_as_test(AnyInterleaving, settings=examples)
