"""Strawberry and Tortoise as their tutorials put them together: `GraphQL(schema)`, `get`, `in_transaction`.

The models are the product's, because the schema of the database is; all else is what one writes on the first day.
"""

import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.types import Info
from tests.bench.peers.common import BODY, SUBJECT, ZONE, dates, now
from tortoise.contrib.starlette import RegisterTortoise
from tortoise.transactions import in_transaction  # noqa: TID251 - as tutorials write it

from contract_rules import Actor, EventType, Status
from contract_server.accounts import models as accounts
from contract_server.contracts import models
from contract_server.mail.models import OutboxMail


@strawberry.type
class Company:
    name: str
    address: str
    postal_code: str
    phone_number: str


@strawberry.type
class Contractor:
    name: str
    email: str


@strawberry.enum
class ContractStatus(Enum):
    ACTIVE = "ACTIVE"
    TERMINATED = "TERMINATED"
    ERASED = "ERASED"


@strawberry.type
class Deadline:
    last_day: date
    at: datetime


@strawberry.type
class Timeline:
    service_end: Deadline
    resumption: Deadline
    erasure: Deadline


@strawberry.type
class Termination:
    requested_at: datetime
    timeline: Timeline


@strawberry.type
class Contract:
    row: strawberry.Private[models.Contract]
    id: strawberry.ID
    version: int
    status: ContractStatus
    started_on: date

    @strawberry.field
    async def company(self) -> Company | None:
        row = await models.Company.get_or_none(contract_id=self.row.id)
        if row is None:
            return None
        return Company(name=row.name, address=row.address, postal_code=row.postal_code, phone_number=row.phone_number)

    @strawberry.field
    async def contractor(self) -> Contractor | None:
        row = await accounts.Account.get_or_none(contract_id=self.row.id)
        return Contractor(name=row.name, email=row.email) if row else None

    @strawberry.field
    async def ended_on(self) -> date | None:
        row = await _application(self.row)
        return row.service_end_last_day if row else None

    @strawberry.field
    async def service_available(self) -> bool:
        row = await _application(self.row)
        return row is None or now() < row.service_end_at

    @strawberry.field
    async def termination(self) -> Termination | None:
        row = await _application(self.row)
        if row is None:
            return None
        return Termination(
            requested_at=row.requested_at.astimezone(ZONE),
            timeline=Timeline(
                service_end=_deadline(row.service_end_last_day, row.service_end_at),
                resumption=_deadline(row.resumption_last_day, row.resumption_at),
                erasure=_deadline(row.erasure_last_day, row.erasure_at),
            ),
        )


@strawberry.type
class Viewer:
    account: strawberry.Private[accounts.Account]
    name: str

    @strawberry.field
    async def contract(self) -> Contract | None:
        row = await models.Contract.get_or_none(id=self.account.contract_id)
        return _contract(row) if row else None


@strawberry.type
class Query:
    @strawberry.field
    async def viewer(self, info: Info) -> Viewer | None:
        account = await _viewer(info.context["request"])
        return Viewer(account=account, name=account.name) if account else None


@strawberry.interface
class Problem:
    code: str
    message: str


@strawberry.type
class ActionRefused(Problem):
    pass


@strawberry.type
class ContractTerminated:
    contract: Contract


@strawberry.type
class ContractResumed:
    contract: Contract


@strawberry.enum
class TerminationReason(Enum):
    TOO_EXPENSIVE = "TOO_EXPENSIVE"
    OTHER = "OTHER"


@strawberry.input
class TerminateContractInput:
    contract_id: strawberry.ID
    idempotency_key: str
    reason: TerminationReason | None = None


@strawberry.input
class ResumeContractInput:
    contract_id: strawberry.ID
    idempotency_key: str


TerminateContractResult = Annotated[ContractTerminated | ActionRefused, strawberry.union("TerminateContractResult")]
ResumeContractResult = Annotated[ContractResumed | ActionRefused, strawberry.union("ResumeContractResult")]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def terminate_contract(self, info: Info, input: TerminateContractInput) -> TerminateContractResult:  # noqa: A002 - as the API names it
        account = await _viewer(info.context["request"])
        async with in_transaction():
            contract = await _locked(account, UUID(input.contract_id))
            if contract is None or await _known(account, input.idempotency_key) or contract.status != Status.ACTIVE:
                return ActionRefused(code="ALREADY_TERMINATED", message="")
            instant = now()
            application = await models.TerminationApplication.create(
                contract=contract,
                number=contract.applications + 1,
                reason=input.reason.value if input.reason else None,
                **dates(instant),
            )
            contract.version += 1
            contract.applications += 1
            contract.status = Status.TERMINATED
            contract.service_end_due_at = application.service_end_at
            contract.erasure_due_at = application.erasure_at
            await contract.save()
            await _record(
                account, contract, application.id, EventType.TERMINATION_REQUESTED, instant, input.idempotency_key
            )
        return ContractTerminated(contract=_contract(contract))

    @strawberry.mutation
    async def resume_contract(self, info: Info, input: ResumeContractInput) -> ResumeContractResult:  # noqa: A002 - as above
        account = await _viewer(info.context["request"])
        async with in_transaction():
            contract = await _locked(account, UUID(input.contract_id))
            if contract is None or await _known(account, input.idempotency_key):
                return ActionRefused(code="NOT_TERMINATED", message="")
            application = await _application(contract)
            instant = now()
            if application is None or instant >= application.resumption_at:
                return ActionRefused(code="NOT_TERMINATED", message="")
            application.withdrawn_at = instant
            await application.save()
            contract.version += 1
            contract.status = Status.ACTIVE
            contract.service_end_due_at = contract.erasure_due_at = None
            await contract.save()
            await _record(account, contract, application.id, EventType.RESUMED, instant, input.idempotency_key)
        return ContractResumed(contract=_contract(contract))


def _contract(row: models.Contract) -> Contract:
    return Contract(
        row=row,
        id=strawberry.ID(str(row.id)),
        version=row.version,
        status=ContractStatus(row.status.value),
        started_on=row.started_on,
    )


def _deadline(last_day: date, at: datetime) -> Deadline:
    return Deadline(last_day=last_day, at=at.astimezone(ZONE))


async def _viewer(request: Request) -> Any:  # noqa: ANN401 - an account, or none
    token = request.headers["authorization"].removeprefix("Bearer ")
    session = await accounts.Session.get_or_none(token_hash=hashlib.sha256(token.encode()).hexdigest())
    if session is None or now() >= session.expires_at:
        return None
    return await session.account


async def _application(contract: models.Contract) -> models.TerminationApplication | None:
    return await models.TerminationApplication.get_or_none(contract_id=contract.id, withdrawn_at=None)


async def _locked(account: accounts.Account | None, contract_id: UUID) -> models.Contract | None:
    if account is None or account.contract_id != contract_id:
        return None
    return await models.Contract.select_for_update().get_or_none(id=contract_id)


async def _known(account: accounts.Account | None, key: str) -> bool:
    return account is None or await models.IdempotentAnswer.exists(account_id=account.id, key=key)


async def _record(  # noqa: PLR0917 - one row each
    account: accounts.Account,
    contract: models.Contract,
    application_id: UUID,
    kind: EventType,
    instant: datetime,
    key: str,
) -> None:
    event = await models.ContractEvent.create(
        contract=contract, at=instant, type=kind, actor=Actor.CONTRACTOR, application_id=application_id
    )
    await OutboxMail.create(
        contract=contract,
        kind=kind.lower(),
        message_id=f"<{event.id}@omakase-login.example>",
        dated_at=instant,
        next_attempt_at=instant,
        recipient=account.email,
        subject=SUBJECT,
        body=BODY,
    )
    await models.IdempotentAnswer.create(
        account_id=account.id,
        key=key,
        input_hash=hashlib.sha256(json.dumps([kind, str(contract.id)]).encode()).digest(),
        answer={"version": contract.version},
    )


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with RegisterTortoise(
        app,
        db_url=os.environ["DATABASE_URL"].replace("postgresql://", "asyncpg://") + "?minsize=10&maxsize=10",
        modules={"contract_server": [accounts.__name__, models.__name__]},
    ):
        yield


schema = strawberry.Schema(query=Query, mutation=Mutation)
app = Starlette(routes=[Route("/graphql", GraphQL(schema))], lifespan=_lifespan)
