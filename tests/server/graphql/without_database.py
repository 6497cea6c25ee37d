"""The API in the test's own process, at one instant and without a database: what it reads is put into its loaders."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from graphql import ExecutionResult
from starlette.requests import Request
from tests.server.asgi import production_with_no_database

from contract_rules import Application, Facts, Status, shipped_policies
from contract_server.accounts.models import Role
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.models import TerminationReason
from contract_server.contracts.snapshot import ContractSnapshot, Hold
from contract_server.graphql.context import RequestContext, TimeTravel
from contract_server.graphql.execution.executor import Executor
from contract_server.graphql.http.json_response import GraphQLResponse
from contract_server.graphql.http.request import GraphQLRequest
from contract_server.graphql.schema import build_schema
from contract_server.services import Services, build_services

NOW = datetime(2024, 3, 1, 9, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
CONTRACT, APPLICATION, ACCOUNT = UUID(int=1), UUID(int=2), UUID(int=3)


class StandingClock:
    """A clock that shows `NOW`, or later after `advance`."""

    sql = "NULL"

    def __init__(self) -> None:
        self.offset = timedelta()

    async def now(self) -> datetime:
        return NOW + self.offset

    async def advance(self, to: datetime) -> None:
        self.offset = to - NOW

    async def reset(self) -> None:
        self.offset = timedelta()

    async def moved_by(self) -> timedelta:
        return self.offset


def active(version: int = 1) -> ContractSnapshot:
    return ContractSnapshot(CONTRACT, date(2023, 4, 1), Facts(Status.ACTIVE, version, 0, None, False, False))


def terminated(*, held: bool = False) -> ContractSnapshot:
    """The contract after an application at `NOW`."""
    application = Application(1, NOW, shipped_policies().in_force_at(NOW).timeline(NOW))
    return ContractSnapshot(
        CONTRACT,
        date(2023, 4, 1),
        Facts(Status.TERMINATED, 2, 1, application, False, held),
        APPLICATION,
        "K7M29QX4TN3W",
        TerminationReason.TOO_EXPENSIVE,
        Hold(NOW, "case 1") if held else None,
    )


def viewer(role: Role = Role.CONTRACTOR) -> Viewer:
    own = {Role.CONTRACTOR: CONTRACT}.get(role)
    return Viewer(ACCOUNT, UUID(int=4), "契約 太郎", "taro@example.jp", role, own, NOW + timedelta(hours=2))


@cache
def _services() -> Services:
    return build_services(production_with_no_database())


@cache
def _executor() -> Executor:
    return Executor(build_schema(development=True), introspection=True)


def context_of(
    person: Viewer | None = None,
    contract: ContractSnapshot | None = None,
    *,
    language: str = "en",
    headers: dict[str, str] | None = None,
    time_travel: TimeTravel | None = None,
    clock: StandingClock | None = None,
) -> RequestContext:
    """The context of a request by that person, for whom the loaders hold that contract."""
    lines = {"accept-language": language} | (headers or {})
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "headers": [(name.encode(), value.encode()) for name, value in lines.items()],
        "query_string": b"",
        "client": ("192.0.2.1", 50_000),
    }
    services = replace(_services(), clock=clock or StandingClock())
    context = RequestContext(services, Request(scope), GraphQLResponse(), time_travel)
    context.set_viewer(person)
    if contract is not None:
        context.loaders.contracts.prime(contract.id, contract)
    return context


async def ask(context: RequestContext, query: str, **variables: object) -> ExecutionResult:
    """Execute a query or a mutation."""
    executor = _executor()
    return await executor.execute(executor.prepare(query), GraphQLRequest(query, None, variables), context)


async def data_of(context: RequestContext, query: str, **variables: object) -> Any:  # noqa: ANN401 - as queried
    """The data of a result without errors."""
    result = await ask(context, query, **variables)
    assert result.errors is None
    return result.data


async def codes_of(context: RequestContext, query: str, **variables: object) -> list[object]:
    """The codes of a result's errors."""
    result = await ask(context, query, **variables)
    return [(error.extensions or {}).get("code") for error in result.errors or ()]
