"""Who may ask for what. A refusal here is an error of the request, not a result of the operation."""

from graphql import GraphQLError

from contract_server.accounts.models import Role
from contract_server.accounts.viewer import Viewer
from contract_server.graphql.context import RequestContext
from contract_server.graphql.language import words

_LOG_IN = words(
    ja="ログインが必要です。ログインしてから、もう一度お試しください。",
    en="Please log in first, then try again.",
)
_NOT_YOURS = words(
    ja="この操作を行う権限がありません。",
    en="Your role does not permit this operation.",
)


async def require_viewer(context: RequestContext) -> Viewer:
    """Whoever is logged in.

    Raises:
        GraphQLError: UNAUTHENTICATED.
    """
    viewer = await context.viewer()
    if viewer is None:
        raise GraphQLError(_LOG_IN[context.language], extensions={"code": "UNAUTHENTICATED"})
    return viewer


async def require_role(context: RequestContext, role: Role) -> Viewer:
    """Whoever is logged in, if they have that role.

    Raises:
        GraphQLError: UNAUTHENTICATED or FORBIDDEN.
    """
    viewer = await require_viewer(context)
    if viewer.role is not role:
        raise GraphQLError(_NOT_YOURS[context.language], extensions={"code": "FORBIDDEN"})
    return viewer
