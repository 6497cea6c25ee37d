"""The queries."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry
from graphql import GraphQLError
from strawberry.scalars import ID

from contract_rules import DateOutOfRange, PolicyNotFound
from contract_server.audit.log import LogFilter, find_entry_page
from contract_server.contracts.queries import ContractFilter as ContractCriteria
from contract_server.contracts.queries import find_contracts
from contract_server.db.pages import USUAL_PAGE
from contract_server.graphql.context import RequestInfo
from contract_server.graphql.operations.integration import find_change_page, find_facts
from contract_server.graphql.operations.nodes import find_contract, find_node
from contract_server.graphql.permissions import require_role, require_scope, require_viewer
from contract_server.graphql.types.audit import AuditConnection
from contract_server.graphql.types.contract import Contract, ContractConnection, parse_contract_id
from contract_server.graphql.types.enumerations import Role
from contract_server.graphql.types.health import Health, HealthCheck
from contract_server.graphql.types.inputs import AuditFilter, ContractFilter
from contract_server.graphql.types.integration.feed import ChangeConnection, FactsOfContracts
from contract_server.graphql.types.node import Node
from contract_server.graphql.types.pagination import (
    After,
    Before,
    First,
    Last,
    read_audit_cursor,
    read_contract_cursor,
    read_part,
)
from contract_server.graphql.types.receipt import ApplicationReceipt
from contract_server.graphql.types.timeline import Policy, Timeline
from contract_server.graphql.types.viewer import AddressLink, PasswordResetLink, Viewer
from contract_server.integration.models import Scope
from contract_server.monitoring.health import examine

_NO_ID = UUID(int=0)


@strawberry.type
class ContractQuery:
    """The queries of contractors, operators and services."""

    @strawberry.field(description="The person who is logged in; null when nobody is.")
    async def viewer(self, info: RequestInfo) -> Viewer | None:
        viewer = await info.context.viewer()
        return Viewer.of(viewer) if viewer else None

    @strawberry.field(
        description=("The viewer's own contract, or for an operator any; null when there is none such for this viewer.")
    )
    async def contract(
        self, info: RequestInfo, id: Annotated[ID, strawberry.argument(description="Which contract.")]
    ) -> Contract | None:
        viewer = await require_viewer(info.context)
        contract_id = parse_contract_id(id)
        return await find_contract(contract_id, viewer, info.context) if contract_id else None

    @strawberry.field(
        description=(
            "Whatever has that id; null when there is none such for this viewer."
            " In the audit trail, a change of a contract is found as its event."
        )
    )
    async def node(
        self, info: RequestInfo, id: Annotated[ID, strawberry.argument(description="Its id.")]
    ) -> Node | None:
        viewer = await require_viewer(info.context)
        return await find_node(id, viewer, info.context)

    @strawberry.field(
        description=(
            "The account that a mailed link sets a new password for; null when the link is unknown, used or expired."
            " Public."
        )
    )
    async def password_reset_link(
        self, info: RequestInfo, token: Annotated[str, strawberry.argument(description="What follows `#` in the link.")]
    ) -> PasswordResetLink | None:
        link = await info.context.services.password_resets.find_link(token)
        if link is None:
            return None
        return PasswordResetLink(email=link.account.email, expires_at=info.context.local(link.expires_at))

    @strawberry.field(
        description="The change of address that a mailed link confirms; null when it cannot be used. Public."
    )
    async def address_link(
        self, info: RequestInfo, token: Annotated[str, strawberry.argument(description="What follows `#` in the link.")]
    ) -> AddressLink | None:
        link = await info.context.services.address_changes.find_link(token)
        if link is None:
            return None
        return AddressLink(
            new_email=link.change.new_email,
            came_to_new_address=link.is_new,
            expires_at=info.context.local(link.change.expires_at),
        )

    @strawberry.field(
        description="What became of the application with that 受付番号; null when there is none. Public, rate-limited."
    )
    async def contract_status_by_receipt(
        self,
        info: RequestInfo,
        number: Annotated[
            str,
            strawberry.argument(
                description="With or without hyphens, in capitals or not; O is read as 0, I and L as 1."
            ),
        ],
    ) -> ApplicationReceipt | None:
        context = info.context
        receipt = await context.services.receipts.find(number, context.client_address)
        return ApplicationReceipt.of(receipt, context) if receipt else None

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
    async def timeline(
        self,
        info: RequestInfo,
        requested_on: Annotated[
            date | None, strawberry.argument(description="The day of the application; today when absent.")
        ] = strawberry.UNSET,
    ) -> Timeline:
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
        filter: Annotated[
            ContractFilter | None, strawberry.argument(description="Which contracts; all of them when absent.")
        ] = strawberry.UNSET,
        *,
        first: First = USUAL_PAGE,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> ContractConnection:
        await require_role(info.context, Role.OPERATOR)
        part = read_part(read_contract_cursor, first, after, last, before)
        page = await find_contracts(_criteria(info, filter or None), part)
        return ContractConnection.of(page, await info.context.now())

    @strawberry.field(description="OPERATOR. The audit trail with the history of all contracts, the newest first.")
    async def audit_log(
        self,
        info: RequestInfo,
        filter: Annotated[
            AuditFilter | None, strawberry.argument(description="Which entries; all of them when absent.")
        ] = strawberry.UNSET,
        *,
        first: First = USUAL_PAGE,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> AuditConnection:
        await require_role(info.context, Role.OPERATOR)
        part = read_part(read_audit_cursor, first, after, last, before)
        return AuditConnection.of(await find_entry_page(_log_filter(filter or None), part), info.context)

    @strawberry.field(
        description=(
            "Services with the scope `feed`. Every change of every contract, in the order in which they were committed:"
            " a reader that begins after its last cursor misses none. Erasure removes none."
        )
    )
    async def changes(
        self, info: RequestInfo, after: After = strawberry.UNSET, first: First = USUAL_PAGE
    ) -> ChangeConnection:
        await require_scope(info.context, Scope.FEED)
        return ChangeConnection.of(await find_change_page(after or None, first), info.context)

    @strawberry.field(
        description="Services with the scope `facts`. What the rules know of contracts, to answer without this server."
    )
    async def contract_facts(
        self, info: RequestInfo, ids: Annotated[list[ID], strawberry.argument(description="1 to 100 contracts.")]
    ) -> FactsOfContracts:
        await require_scope(info.context, Scope.FACTS)
        return await find_facts(ids, info.context)

    @strawberry.field(
        description=(
            "OPERATOR. Whether the service keeps its promises: nothing overdue, nothing left behind, no mail owed."
        )
    )
    async def health(self, info: RequestInfo) -> Health:
        await require_role(info.context, Role.OPERATOR)
        services = info.context.services
        health = await examine(services.clock, services.breaker)
        return Health(
            now=info.context.local(health.now),
            ok=health.ok,
            last_sweep_at=info.context.local(health.last_sweep_at) if health.last_sweep_at else None,
            checks=[
                HealthCheck(name=check.name, ok=check.ok, count=check.count, detail=check.detail)
                for check in health.checks
            ],
        )


def _log_filter(filter: AuditFilter | None) -> LogFilter:
    if filter is None:
        return LogFilter()
    account_id, contract_id = _id(filter.account_id), _id(filter.contract_id)
    return LogFilter(filter.action or None, account_id, contract_id, filter.since or None, filter.until or None)


def _id(text: ID | None) -> UUID | None:
    """The id to look for; a text that is none finds nothing."""
    return (parse_contract_id(text) or _NO_ID) if text else None


def _criteria(info: RequestInfo, filter: ContractFilter | None) -> ContractCriteria:
    if filter is None:
        return ContractCriteria()
    return ContractCriteria(
        status=tuple(filter.status) if filter.status else None,
        erasure_due_by=info.context.services.policies.end_of(due_by) if (due_by := filter.erasure_due_by) else None,
        on_hold=filter.on_hold if isinstance(filter.on_hold, bool) else None,
        search=filter.search or None,
    )
