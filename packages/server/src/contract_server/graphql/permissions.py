"""Permission checks. A refusal here is an error of the request, not a result of the operation."""

from graphql import GraphQLError

from contract_server.accounts.models import Role
from contract_server.accounts.viewer import Viewer
from contract_server.graphql.context import RequestContext
from contract_server.graphql.language import words
from contract_server.integration.models import Scope
from contract_server.integration.service_accounts import Service

_UNAUTHENTICATED = words(
    ja="ログインが必要です。ログインしてから、もう一度お試しください。",
    en="Please log in first, then try again.",
)
_FORBIDDEN = words(
    ja="この操作を行う権限がありません。",
    en="Your role does not permit this operation.",
)


async def require_viewer(context: RequestContext) -> Viewer:
    """Return the logged-in person.

    Raises:
        GraphQLError: UNAUTHENTICATED; or FORBIDDEN for a service.
    """
    viewer = await context.viewer()
    if viewer is None:
        raise _forbidden(context) if await context.service() else _unauthenticated(context)
    return viewer


async def require_role(context: RequestContext, role: Role) -> Viewer:
    """Return the logged-in person, who must have that role.

    Raises:
        GraphQLError: UNAUTHENTICATED or FORBIDDEN.
    """
    viewer = await require_viewer(context)
    if viewer.role is not role:
        raise _forbidden(context)
    return viewer


async def require_scope(context: RequestContext, scope: Scope) -> Service:
    """Return the service that asks, which must have that scope.

    Raises:
        GraphQLError: UNAUTHENTICATED or FORBIDDEN.
    """
    service = await context.service()
    if service is None:
        raise _forbidden(context) if await context.viewer() else _unauthenticated(context)
    if scope not in service.scopes:
        raise _forbidden(context)
    return service


def _unauthenticated(context: RequestContext) -> GraphQLError:
    return GraphQLError(_UNAUTHENTICATED[context.language], extensions={"code": "UNAUTHENTICATED"})


def _forbidden(context: RequestContext) -> GraphQLError:
    return GraphQLError(_FORBIDDEN[context.language], extensions={"code": "FORBIDDEN"})
