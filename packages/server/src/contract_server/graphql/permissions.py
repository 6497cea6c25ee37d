"""Permission checks. A refusal here is an error of the request, not a result of the operation."""

from typing import NoReturn, assert_never

from graphql import GraphQLError

from contract_server.accounts.models import Role
from contract_server.accounts.second_factor.policy import FAR_REACHING, is_recent
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
_SECOND_FACTOR_NEEDED = words(
    ja="この操作には二段階認証が必要です。パスキーまたは回復用コードで認証してから、もう一度お試しください。",
    en="This needs the second factor. Show your passkey or a recovery code (`passSecondFactor`), then try again.",
)


async def require_viewer(context: RequestContext) -> Viewer:
    """Return the logged-in person.

    Raises:
        GraphQLError: UNAUTHENTICATED; or FORBIDDEN for a service.
    """
    return await context.viewer() or await _refuse_without_viewer(context)


async def require_session(context: RequestContext) -> Viewer:
    """Return the owner of the session, who may still have to show the second factor.

    Raises:
        GraphQLError: UNAUTHENTICATED; or FORBIDDEN for a service.
    """
    return await context.session_viewer() or await _refuse_without_viewer(context)


async def require_recent_second_factor(fields: frozenset[str], context: RequestContext) -> None:
    """Let an operator do what reaches far only for some minutes after the second factor.

    Raises:
        GraphQLError: SECOND_FACTOR_NEEDED.
    """
    if FAR_REACHING.isdisjoint(fields):
        return
    viewer = await context.viewer()
    if viewer and not is_recent(viewer, required=context.services.settings.requires_second_factor):
        raise GraphQLError(_SECOND_FACTOR_NEEDED[context.language], extensions={"code": "SECOND_FACTOR_NEEDED"})


async def require_role(context: RequestContext, role: Role) -> Viewer:
    """Return the logged-in person, who must have that role.

    Raises:
        GraphQLError: UNAUTHENTICATED or FORBIDDEN.
    """
    viewer = await require_viewer(context)
    if viewer.role is not role:
        raise _forbidden(context)
    return viewer


async def is_operator(context: RequestContext) -> bool:
    """Whether the viewer is an operator; fields that only operators see are empty for others."""
    viewer = await context.viewer()
    if viewer is None:
        return False
    match viewer.role:
        case Role.OPERATOR:
            return True
        case Role.CONTRACTOR:
            return False
        case unknown:
            assert_never(unknown)


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


async def _refuse_without_viewer(context: RequestContext) -> NoReturn:
    raise _forbidden(context) if await context.service() else _unauthenticated(context)


def _unauthenticated(context: RequestContext) -> GraphQLError:
    return GraphQLError(_UNAUTHENTICATED[context.language], extensions={"code": "UNAUTHENTICATED"})


def _forbidden(context: RequestContext) -> GraphQLError:
    return GraphQLError(_FORBIDDEN[context.language], extensions={"code": "FORBIDDEN"})
