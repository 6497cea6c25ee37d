"""What services ask for: a page of the feed, and facts."""

from collections.abc import Sequence

from graphql import GraphQLError
from strawberry.scalars import ID

from contract_server.contracts.store import find_snapshots
from contract_server.db.pages import LARGEST_PAGE, Page
from contract_server.graphql.context import RequestContext
from contract_server.graphql.types.contract import parse_contract_id
from contract_server.graphql.types.integration.feed import ContractFacts, FactsOfContracts
from contract_server.graphql.types.pagination import read_change_cursor, read_part
from contract_server.integration.feed import Change, UnknownCursor, find_changes

_UNKNOWN_CURSOR = (
    "after: the feed has no such change, perhaps because a backup was restored;"
    " read the feed from the beginning, without `after`"
)
_NUMBER_OF_IDS = f"ids: 1 to {LARGEST_PAGE} are expected"


async def find_change_page(after: str | None, first: int | None) -> Page[Change]:
    """Find a page of the feed.

    Raises:
        GraphQLError: BAD_USER_INPUT.
    """
    part = read_part(read_change_cursor, first, after, None, None)
    try:
        return await find_changes(part.after, part.size)
    except UnknownCursor:
        raise GraphQLError(_UNKNOWN_CURSOR, extensions={"code": "BAD_USER_INPUT"}) from None


async def find_facts(ids: Sequence[ID], context: RequestContext) -> FactsOfContracts:
    """Find the facts of contracts.

    Raises:
        GraphQLError: BAD_USER_INPUT.
    """
    if not 1 <= len(ids) <= LARGEST_PAGE:
        raise GraphQLError(_NUMBER_OF_IDS, extensions={"code": "BAD_USER_INPUT"})
    wanted = {text: parse_contract_id(text) for text in ids}
    found = await find_snapshots([contract_id for contract_id in wanted.values() if contract_id])
    now = await context.now()
    contracts = {text: found.get(contract_id) for text, contract_id in wanted.items() if contract_id}
    return FactsOfContracts(
        contracts=[ContractFacts.of(contract, now, context) for contract in contracts.values() if contract],
        unknown=[text for text in wanted if not contracts.get(text)],
    )
