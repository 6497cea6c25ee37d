"""Pages: what every list of the API has in common."""

import strawberry
from graphql import GraphQLError

from contract_server.contracts.queries import InvalidPage


@strawberry.type
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None

    @classmethod
    def of(cls, cursors: list[str], *, has_next: bool, has_previous: bool) -> "PageInfo":
        """The page that shows those cursors."""
        return cls(
            has_next_page=has_next,
            has_previous_page=has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        )


def invalid_page(error: InvalidPage) -> GraphQLError:
    """What the client is told about a page that cannot be."""
    return GraphQLError(str(error), extensions={"code": "BAD_USER_INPUT"})
