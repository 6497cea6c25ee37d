"""Which requests may be larger than others: whole registrations, of services that may write them."""

from starlette.requests import Request

from contract_server.graphql.session_cookie import bearer_token
from contract_server.integration.models import Scope
from contract_server.integration.service_accounts import ServiceAccounts

LARGEST_REGISTRATION = 1024 * 1024
"""The length of the body, in bytes."""


async def may_be_large(request: Request, services: ServiceAccounts) -> bool:
    """Whether the token of a request permits a whole registration. Asked only for what exceeds the usual limits."""
    service = await services.find(bearer_token(request))
    return service is not None and Scope.REGISTRATIONS in service.scopes
