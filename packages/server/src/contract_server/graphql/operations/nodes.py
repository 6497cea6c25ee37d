"""Find an object by its id alone: whatever implements `Node`, as far as the viewer may see it."""

from uuid import UUID

from contract_server.accounts.models import Role
from contract_server.accounts.viewer import Viewer
from contract_server.audit.log import LogFilter, find_entries
from contract_server.contracts.models import ContractEvent as EventRow
from contract_server.contracts.queries import FOR_OPERATORS_ALONE
from contract_server.graphql.context import RequestContext
from contract_server.graphql.types.audit import AuditEntry
from contract_server.graphql.types.contract import Contract, parse_contract_id
from contract_server.graphql.types.events import ContractEvent
from contract_server.graphql.types.node import Node


async def find_node(text: str, viewer: Viewer, context: RequestContext) -> Node | None:
    """Find what has the id; None if it does not exist for this viewer."""
    node_id = parse_contract_id(text)
    if node_id is not None:
        for find in (find_contract, _find_event, _find_entry):
            if node := await find(node_id, viewer, context):
                return node
    return None


async def find_contract(contract_id: UUID, viewer: Viewer, context: RequestContext) -> Contract | None:
    """Find a contract that the viewer may see."""
    snapshot = await context.contract(contract_id) if viewer.may_see(contract_id) else None
    return Contract.of(snapshot, await context.now()) if snapshot else None


async def _find_event(event_id: UUID, viewer: Viewer, context: RequestContext) -> ContractEvent | None:
    event = await EventRow.get_or_none(id=event_id)
    if event is None or not viewer.may_see(event.contract_id):
        return None
    return (
        ContractEvent.of(event, context)
        if viewer.role is Role.OPERATOR or event.type not in FOR_OPERATORS_ALONE
        else None
    )


async def _find_entry(entry_id: UUID, viewer: Viewer, context: RequestContext) -> AuditEntry | None:
    if viewer.role is not Role.OPERATOR:
        return None
    entries = await find_entries(LogFilter(id=entry_id), 1)
    return AuditEntry.of(entries[0], context) if entries else None
