"""What can be asked."""

from datetime import date, datetime

import strawberry
from graphql import GraphQLError
from strawberry.scalars import ID

from contract_rules import DateOutOfRange, PolicyNotFound, Status
from contract_server.accounts.models import Role
from contract_server.contracts.queries import USUAL_PAGE, InvalidPage, find_contracts
from contract_server.contracts.queries import ContractFilter as WantedContracts
from contract_server.graphql.context import RequestInfo
from contract_server.graphql.permissions import require_role, require_viewer
from contract_server.graphql.types.contract import (
    Contract,
    ContractConnection,
    Policy,
    Timeline,
    parse_contract_id,
)
from contract_server.graphql.types.inputs import ContractFilter
from contract_server.graphql.types.pagination import invalid_page
from contract_server.graphql.types.viewer import Viewer
from contract_server.monitoring.health import examine


@strawberry.type
class HealthCheck:
    """One promise."""

    name: str
    ok: bool
    count: int = strawberry.field(description="How many contracts, mails or rows break the promise.")
    detail: str


@strawberry.type
class Health:
    """All promises."""

    now: datetime
    ok: bool
    last_sweep_at: datetime | None
    checks: list[HealthCheck]


@strawberry.type
class Query:
    """What can be asked in every environment."""

    @strawberry.field(description="The person who is logged in; null when nobody is.")
    async def viewer(self, info: RequestInfo) -> Viewer | None:
        viewer = await info.context.viewer()
        return Viewer.of(viewer) if viewer else None

    @strawberry.field(
        description=("The viewer's own contract, or for an operator any; null when there is none such for this viewer.")
    )
    async def contract(self, info: RequestInfo, id: ID) -> Contract | None:
        viewer = await require_viewer(info.context)
        contract_id = parse_contract_id(id)
        if contract_id is None or not viewer.may_see(contract_id):
            return None
        snapshot = await info.context.contract(contract_id)
        return Contract.of(snapshot, await info.context.now()) if snapshot else None

    @strawberry.field(description="The policy in force now. Public.")
    async def policy(self, info: RequestInfo) -> Policy:
        context = info.context
        return Policy.of(context.services.policies.in_force_at(await context.now()), context)

    @strawberry.field(
        description=(
            "What follows if termination is requested on that day (today when absent): for a confirmation screen."
            " Public, changes nothing."
        )
    )
    async def timeline(self, info: RequestInfo, requested_on: date | None = strawberry.UNSET) -> Timeline:
        context = info.context
        now = await context.now()
        day = requested_on or context.today(now)
        try:
            timeline = context.services.policies.registry.in_force(day).timeline_on(day)
        except (DateOutOfRange, PolicyNotFound) as error:
            raise GraphQLError(str(error), extensions={"code": "BAD_USER_INPUT"}) from None
        return Timeline.of(timeline, now, context)

    @strawberry.field(description="OPERATOR. Newest first.")
    async def contracts(
        self,
        info: RequestInfo,
        filter: ContractFilter | None = strawberry.UNSET,
        first: int | None = USUAL_PAGE,
        after: str | None = strawberry.UNSET,
    ) -> ContractConnection:
        await require_role(info.context, Role.OPERATOR)
        try:
            page = await find_contracts(_wanted(filter or None), USUAL_PAGE if first is None else first, after or None)
        except InvalidPage as error:
            raise invalid_page(error) from None
        return ContractConnection.of(page, await info.context.now())

    @strawberry.field(
        description=(
            "OPERATOR. Whether the service keeps its promises: nothing overdue, nothing left behind, no mail owed."
        )
    )
    async def health(self, info: RequestInfo) -> Health:
        await require_role(info.context, Role.OPERATOR)
        services = info.context.services
        found = await examine(services.clock, services.breaker)
        return Health(
            now=info.context.local(found.now),
            ok=found.ok,
            last_sweep_at=info.context.local(found.last_sweep_at) if found.last_sweep_at else None,
            checks=[
                HealthCheck(name=check.name, ok=check.ok, count=check.count, detail=check.detail)
                for check in found.checks
            ],
        )


def _wanted(given: ContractFilter | None) -> WantedContracts:
    if given is None:
        return WantedContracts()
    return WantedContracts(
        status=tuple(Status[status.name] for status in given.status) if given.status else None,
        erasure_due_by=given.erasure_due_by or None,
        on_hold=given.on_hold if isinstance(given.on_hold, bool) else None,
    )
