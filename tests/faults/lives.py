"""Contracts that live in a hurry: from the first application to the erasure with everybody at one contract at once.

Dozens of clients terminate, resume, hold and release it, ask again with the keys and versions of others, sweep, and
move the clock that all share. When a life is closing, the clock is set to just before the next instant at which
something falls due, and ticks over it while they are all at it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import cycle
from random import Random
from uuid import UUID, uuid4

from tests.faults.linearizability import Act, Kept, Operation, Reply
from tests.server.in_process import find_viewer

from contract_notify import MemoryDelivery
from contract_rules import Action, EventType, MailKind, RecordEvent, Status
from contract_server.accounts.models import Account, Role
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.changes import ChangeBudget, ContractChanges
from contract_server.contracts.due import next_due_at
from contract_server.contracts.models import Contract, ContractEvent, TerminationApplication
from contract_server.contracts.notifications import Notifications
from contract_server.contracts.result import ActionRefused, StaleContract
from contract_server.contracts.service import ContractRequest, ContractService
from contract_server.contracts.store import find_snapshot
from contract_server.db.connection import database
from contract_server.db.transaction import current_connection
from contract_server.development.test_clock import MovableClock
from contract_server.erasure.classification import TABLES
from contract_server.mail.models import MailState, OutboxMail
from contract_server.mail.outbox import Outbox
from contract_server.mail.relay import MailRelay
from contract_server.mail.wakeups import NoWakeUps
from contract_server.request_limits import IN_FLIGHT
from contract_server.services import Services, build_services
from contract_server.settings import Settings
from contract_server.worker.sweep import sweep_once

CLIENTS = 64
AN_INSTANT = timedelta(milliseconds=8)
HOURS = timedelta(hours=9)
KEPT_BY_MIGRATIONS = "tortoise_migrations"

A_SWEEP = 0.04
A_JOURNEY = 0.08
A_HOLD = 0.15
WITH_A_KEY = 0.5
WITH_AN_OLD_KEY = 0.3
WITH_A_VERSION = 0.2


@dataclass
class Life:
    """One contract's life, and what everybody was told in the course of it."""

    services: Services
    contracts: Iterator[ContractService]
    workers: list[Services]
    clock: MovableClock
    delivery: MemoryDelivery
    contractor: Viewer
    token: str
    operator: Viewer
    dice: Random
    operations: list[Operation] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    _asked_with_keys: list[tuple[str, ContractRequest]] = field(default_factory=list)
    _last_seen: int = 1

    @property
    def contract_id(self) -> UUID:
        assert self.contractor.contract_id
        return self.contractor.contract_id

    async def run(self, operations: int) -> Kept:
        """Live, for so many operations; what is kept of it when everything owed is done."""
        turns = iter(range(operations))
        closing = self.dice.uniform(0.2, 0.6) * operations

        async def client() -> None:
            for turn in turns:
                try:
                    await self._do_something(closing=turn > closing)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
                    self.errors.append(error)

        await asyncio.gather(*(client() for _ in range(CLIENTS)))
        await sweep_once(self.workers[0])
        return await self._kept()

    async def _do_something(self, *, closing: bool) -> None:
        chance = self.dice.random()
        if chance < A_SWEEP:
            await sweep_once(self.dice.choice(self.workers))
        elif chance < 2 * A_SWEEP:
            await self.dice.choice(self.workers).due_actions.run(wait_for_locks=True)
        elif chance < 2 * A_SWEEP + A_JOURNEY:
            await self._travel(closing=closing)
        elif chance < 2 * A_SWEEP + A_JOURNEY + A_HOLD:
            action = self.dice.choice((Action.HOLD_ERASURE, Action.RELEASE_ERASURE_HOLD))
            await self.ask(self.operator, ContractRequest(action=action, contract_id=self.contract_id))
        else:
            await self.ask(self.contractor, *self._something())

    async def _travel(self, *, closing: bool) -> None:
        """Some hours on, or, towards the end of a life, to hours or an instant before the next thing falls due."""
        now = await self.clock.now()
        due_at = await next_due_at(now) if closing else None
        if due_at is None:
            await self.clock.move_to(now + self.dice.uniform(0, 1) * HOURS)
            return
        if await Contract.exists(id=self.contract_id, erasure_due_at=due_at):
            await self._all_mails_are_out()
        await self.clock.move_to(due_at - self.dice.uniform(0, 1) * self.dice.choice((HOURS, AN_INSTANT)))

    async def _all_mails_are_out(self) -> None:
        """An erasure takes those that wait with it; in a month of real time none would wait any more."""
        while await OutboxMail.exists(state=MailState.PENDING):
            await asyncio.gather(*(worker.mail_relay.drain() for worker in self.workers))

    def _something(self) -> tuple[ContractRequest, str | None]:
        """What the contractor asks, sometimes as somebody has asked before or with a version that was seen."""
        if self._asked_with_keys and self.dice.random() < WITH_AN_OLD_KEY * WITH_A_KEY:
            key, request = self.dice.choice(self._asked_with_keys[-CLIENTS:])
            return request, key
        request = ContractRequest(
            action=self.dice.choice((Action.TERMINATE, Action.RESUME)),
            contract_id=self.contract_id,
            expected_version=self._last_seen if self.dice.random() < WITH_A_VERSION else None,
        )
        if self.dice.random() > WITH_A_KEY:
            return request, None
        key = str(uuid4())
        self._asked_with_keys.append((key, request))
        return request, key

    async def ask(self, viewer: Viewer, request: ContractRequest, key: str | None = None) -> None:
        """Ask, and note what was told, and between which instants."""
        invoked = time.perf_counter()
        found = await find_viewer(self.services, self.token) if viewer is self.contractor else None
        try:
            answer = await next(self.contracts).execute(viewer, request, key, viewer_contract=found)
            reply = Reply(answer.contract.facts, answer.at)
        except ActionRefused as refused:
            reply = Reply(refused.contract.facts, refused.at, refused=refused.refusal.reason)
        except StaleContract as stale:
            reply = Reply(stale.contract.facts, stale.at, stale=True)
        returned = time.perf_counter()
        self._last_seen = reply.facts.version
        self.operations.append(
            Operation(
                action=request.action,
                actor=viewer.actor,
                invoked=invoked,
                returned=returned,
                reply=reply,
                key=key,
                expected_version=request.expected_version,
            )
        )

    async def _kept(self) -> Kept:
        contract = await Contract.get(id=self.contract_id)
        try:
            snapshot = await find_snapshot(self.contract_id)
        except ValueError:  # the rules refuse such facts
            snapshot = None
        applications = await TerminationApplication.filter(contract_id=self.contract_id)
        numbers: dict[UUID | None, int] = {application.id: application.number for application in applications}
        acts = [
            Act(Action.END_SERVICE, application.service_ended_at)
            for application in applications
            # an erasure that finds the end of service unrecorded records it with itself
            if application.service_ended_at and application.service_ended_at != contract.erased_at
        ]
        if contract.erased_at:
            acts.append(Act(Action.ERASE, contract.erased_at))
        return Kept(
            facts=snapshot.facts if snapshot else None,
            events=[
                RecordEvent(event.type, event.at, event.actor, numbers.get(event.application_id))
                # a notice is recorded by the schedule alone, and changes nothing that the rules decide by
                for event in await ContractEvent.filter(contract_id=self.contract_id).exclude(
                    type=EventType.ERASURE_DUE
                )
            ],
            acts=acts,
            mails=[_told_by(str(mail["Message-ID"])) for mail in self.delivery.sent],
        )


def _told_by(message_id: str) -> tuple[int, MailKind]:
    """Which version of the contract a mail tells of, and what."""
    _, version, kind = message_id.strip("<>").partition("@")[0].split(".")
    return int(version), MailKind(kind.upper())


@asynccontextmanager
async def new_life(settings: Settings, dice: Random) -> AsyncIterator[Life]:
    """A new contract, alone in the database, two workers, and as many servers as let all clients in at once."""
    async with database(settings):
        tables = ", ".join(TABLES.keys() - {KEPT_BY_MIGRATIONS})
        await current_connection().execute_query(f"TRUNCATE {tables}")
        delivery = MemoryDelivery()
        server, *workers = [_sending_to(delivery, build_services(settings)) for _ in range(3)]
        contracts = [_contracts_of_another(server) for _ in range(CLIENTS // IN_FLIGHT)]
        contract = await Contract.create(version=1, status=Status.ACTIVE, started_on=date(2023, 1, 1), applications=0)
        contractor = await Account.create(
            role=Role.CONTRACTOR, name="名前", email="c@example.jp", password_hash="", contract_id=contract.id
        )
        operator = await Account.create(role=Role.OPERATOR, name="運用", email="o@example.jp", password_hash="")
        viewer, token = await server.sessions.open(contractor)
        operators_viewer, _ = await server.sessions.open(operator)
        yield Life(server, cycle(contracts), workers, MovableClock(), delivery, viewer, token, operators_viewer, dice)
        for each in (server, *workers):
            await each.close()


def _contracts_of_another(server: Services) -> ContractService:
    """What another server of the same kind does with contracts: each lets few requests about one contract in."""
    budget = ChangeBudget(server.policies, server.settings.changes_per_contract_and_day)
    notifications = Notifications(Outbox(server.settings))
    changes = ContractChanges(server.clock, server.policies, notifications, budget)
    return type(server.contracts)(changes, NoWakeUps())


def _sending_to(delivery: MemoryDelivery, services: Services) -> Services:
    outbox = MailRelay(services.clock, delivery, services.settings.mail_sender)
    return replace(services, mail_relay=outbox, delivery=delivery)
