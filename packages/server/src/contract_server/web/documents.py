"""Documents of the contractor who is logged in: the dates as a calendar, and everything registered as an archive."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from contract_rules import Language
from contract_server.audit.models import AuditAction
from contract_server.audit.origin import set_origin
from contract_server.audit.trail import record
from contract_server.connections.error_responses import error_response
from contract_server.documents.archive import archive_of
from contract_server.documents.calendar import calendar_of
from contract_server.documents.registration import registration_files
from contract_server.graphql.context import RequestContext
from contract_server.services import Services

LOG_IN = "/home"  # a page that leads to the log-in, and back


def document_routes(services: Services) -> list[BaseRoute]:
    """Routes of all documents."""

    async def dates(request: Request) -> Response:
        return await _dates(services, request)

    async def export(request: Request) -> Response:
        return await _export(services, request)

    return [
        Route("/documents/dates.ics", dates),
        Route("/documents/registration.zip", export, methods=["POST"]),
    ]


async def _dates(services: Services, request: Request) -> Response:
    """The dates of the application in force; without one, or without a session, the page that says so."""
    context = RequestContext(services, request, Response(), None)
    await context.viewer()
    contract = context.viewer_contract.contract if context.viewer_contract else None
    application = contract.facts.application if contract else None
    if contract is None or application is None or contract.application_id is None:
        return RedirectResponse(LOG_IN, 303)
    calendar = calendar_of(
        contract.application_id,
        application.requested_at,
        application.timeline,
        services.policies.version(application.timeline.policy_version),
        domain=services.settings.mail_domain,
        language=_language(request, context),
    )
    headers = {"Content-Disposition": 'attachment; filename="omakase-login.ics"'}
    return Response(calendar, media_type="text/calendar; charset=utf-8", headers=headers)


def _language(request: Request, context: RequestContext) -> Language:
    """The language that the page names, because a link cannot send a header; otherwise that of the browser."""
    named = request.query_params.get("language", "")
    return Language(named) if named in [*Language] else context.language


async def _export(services: Services, request: Request) -> Response:
    """Begin an export: that it was asked for is in the audit trail before its first byte leaves."""
    context = RequestContext(services, request, Response(), None)
    viewer = await context.viewer()
    if viewer is None:
        return error_response(401, "Log in first.", code="UNAUTHENTICATED")
    if viewer.contract_id is None:
        return error_response(403, "Only a contractor has a contract to export.", code="FORBIDDEN")
    set_origin(context.origin)
    await record(AuditAction.REGISTRATION_EXPORTED, account_id=viewer.account_id, contract_id=viewer.contract_id)
    files = registration_files(viewer.contract_id, services.policies.zone)
    pieces = archive_of(files, context.local(await context.now()))
    headers = {"Content-Disposition": 'attachment; filename="omakase-login.zip"'}
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)
