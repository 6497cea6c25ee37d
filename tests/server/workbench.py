"""The services as the product wires them, with a clock and a mail server that do as a test says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.clock import FakeClock

from contract_notify import Delivery, MemoryDelivery
from contract_rules import Action, Actor, EventType, Status
from contract_server.accounts.models import Account, Role
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.changes import ChangeBudget, ContractChanges
from contract_server.contracts.models import Company, Contract, ContractEvent, Member
from contract_server.contracts.notifications import Notifications
from contract_server.contracts.result import ActionResult
from contract_server.contracts.service import ContractRequest, ContractService
from contract_server.db.transaction import current_connection
from contract_server.erasure.breaker import Breaker
from contract_server.erasure.classification import TABLES, Table
from contract_server.erasure.erasures import Erasures
from contract_server.erasure.evidence import BrokenLink, ChainVerifier, Evidence, sealed_records
from contract_server.erasure.ledger import Ledger
from contract_server.erasure.replay import Replay
from contract_server.mail.outbox import Outbox
from contract_server.mail.relay import MailRelay
from contract_server.mail.wakeups import NoWakeUps
from contract_server.policies.policies import served_policies
from contract_server.schedule.due_actions import DueActions
from contract_server.settings import Settings

MICROSECOND = timedelta(microseconds=1)
APPLIED_AT = datetime.fromisoformat("2024-03-01T09:30:00+09:00")
SERVICE_ENDS_AT = datetime.fromisoformat("2024-03-16T00:00:00+09:00")
ERASURE_DUE_AT = datetime.fromisoformat("2024-04-16T00:00:00+09:00")

ERASURE_BATCH = 2
SWEEP_BATCH = 2
BREAKER_CONTRACTS = 6
BREAKER_PERCENT = 5
OPERATOR = Viewer(uuid4(), uuid4(), "運用 太郎", "operator@example.jp", Role.OPERATOR, None, APPLIED_AT)


@dataclass
class Workbench:
    """What the tests of the services work with."""

    clock: FakeClock
    delivery: MemoryDelivery
    requests: ContractService
    ledger: Ledger
    erasures: Erasures
    breaker: Breaker
    due_actions: DueActions
    replay: Replay
    settings: Settings

    @classmethod
    def of(cls, settings: Settings) -> "Workbench":
        """Everything made anew, at the instant of the application."""
        clock, policies = FakeClock(APPLIED_AT), served_policies()
        notifications, ledger = Notifications(Outbox(settings)), Ledger(settings.ledger_dir)
        budget = ChangeBudget(policies, settings.changes_per_contract_and_day)
        changes = ContractChanges(clock, policies, notifications, budget)
        erasures = Erasures(clock, policies, changes, ledger, ERASURE_BATCH)
        breaker = Breaker(BREAKER_CONTRACTS, BREAKER_PERCENT)
        return cls(
            clock,
            MemoryDelivery(),
            ContractService(changes, NoWakeUps()),
            ledger,
            erasures,
            breaker,
            DueActions(clock, changes, erasures, breaker, SWEEP_BATCH),
            Replay(clock, policies, notifications, ledger, ERASURE_BATCH),
            settings,
        )

    def erasures_by(self, tables: Mapping[str, Table] = TABLES, batch: int = ERASURE_BATCH) -> Erasures:
        """Erasures by another classification, or in other batches."""
        policies = served_policies()
        changes = ContractChanges(self.clock, policies, Notifications(Outbox(self.settings)))
        return Erasures(self.clock, policies, changes, self.ledger, batch, tables=tables)

    def mail_relay(self, delivery: Delivery | None = None) -> MailRelay:
        return MailRelay(self.clock, delivery or self.delivery, self.settings.mail_sender)

    async def contract(self, members: int = 3) -> Viewer:
        """A new contract with everything that is registered with it; its contractor."""
        contract = await Contract.create(version=1, status=Status.ACTIVE, started_on=date(2023, 1, 1), applications=0)
        await ContractEvent.create(
            contract_id=contract.id, at=APPLIED_AT - timedelta(days=400), type=EventType.STARTED, actor=Actor.CONTRACTOR
        )
        await Company.create(
            contract_id=contract.id, name="会社", address="住所", postal_code="100-0001", phone_number="03-0000-0000"
        )
        account = await Account.create(
            role=Role.CONTRACTOR, name="名前", email=f"{uuid4()}@example.jp", password_hash="", contract_id=contract.id
        )
        await Member.bulk_create(
            [Member(contract_id=contract.id, name="会員", email="member@example.jp") for _ in range(members)]
        )
        return Viewer(account.id, uuid4(), account.name, account.email, account.role, contract.id, APPLIED_AT)

    async def terminated_contract(self, members: int = 3) -> UUID:
        """A contract whose contractor has just applied to end it."""
        contractor = await self.contract(members)
        await self.ask(contractor, Action.TERMINATE)
        return contract_of(contractor)

    async def ask(self, contractor: Viewer, action: Action) -> ActionResult:
        request = ContractRequest(action=action, contract_id=contract_of(contractor))
        return await self.requests.execute(contractor, request)

    async def hold(self, contract_id: UUID) -> ActionResult:
        request = ContractRequest(action=Action.HOLD_ERASURE, contract_id=contract_id, note="2024-001")
        return await self.requests.execute(OPERATOR, request)

    async def release(self, contract_id: UUID) -> ActionResult:
        request = ContractRequest(action=Action.RELEASE_ERASURE_HOLD, contract_id=contract_id)
        return await self.requests.execute(OPERATOR, request)


def contract_of(contractor: Viewer) -> UUID:
    assert contractor.contract_id is not None
    return contractor.contract_id


async def status_of(contract_id: UUID) -> Status:
    return (await Contract.get(id=contract_id)).status


async def sql(statement: str, *values: object) -> list[dict[str, Any]]:
    """Whatever the services offer no way to do or to see."""
    return await current_connection().execute_query_dict(statement, list(values))


async def whole_chain() -> list[Evidence]:
    return [record async for record in sealed_records()]


def first_broken_link(chain: Iterable[Evidence]) -> BrokenLink | None:
    return next(filter(None, map(ChainVerifier().verify, chain)), None)


async def everything_stored() -> dict[str, list[str]]:
    """Every row of every table, as text; but for when the last sweep was."""
    stored = {}
    for name in TABLES.keys() - {"sweep_run"}:
        rows = await sql(f"SELECT t::text AS row FROM {name} AS t")  # noqa: S608 - our own names
        stored[name] = sorted(row["row"] for row in rows)
    return stored


async def fail_when(table: str, operation: str, condition: str) -> None:
    """Have the database refuse that operation on a row of the table when the condition holds."""
    await interfere(table, operation, f"IF {condition} THEN RAISE 'on purpose'; END IF; RETURN coalesce(NEW, OLD);")


async def interfere(table: str, operation: str, body: str) -> None:
    """Have the database run that PL/pgSQL before the operation on a row of the table."""
    await sql(f"CREATE FUNCTION interfere() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    await sql(f"CREATE TRIGGER interfere BEFORE {operation} ON {table} FOR EACH ROW EXECUTE FUNCTION interfere()")


async def stop_interfering() -> None:
    await sql("DROP FUNCTION IF EXISTS interfere CASCADE")
