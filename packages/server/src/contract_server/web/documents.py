"""Documents of the contractor who is logged in: the dates as a calendar, and everything registered as an archive."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from contract_rules import Language, date_in_words
from contract_server.audit.models import AuditAction
from contract_server.audit.origin import set_origin
from contract_server.audit.trail import record
from contract_server.connections.error_responses import error_response
from contract_server.documents.archive import archive_of
from contract_server.documents.calendar import calendar_of
from contract_server.documents.export_budget import EXPORTS, TooManyExports
from contract_server.documents.registration import registration_files
from contract_server.graphql.context import RequestContext
from contract_server.graphql.language import words
from contract_server.services import Services

LOG_IN = "/home"  # a page that leads to the log-in, and back

_TOO_MANY_EXPORTS = words(
    ja="登録情報のダウンロードは、1日に{most}回までです。{day}{time}以降に、もう一度お試しください。",
    en="The registered information can be downloaded {most} times a day. Please try again after {time} on {day}.",
)
_UP_TO_FULL_MINUTE = timedelta(seconds=59)


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
    try:
        await services.export_budget.take(viewer.contract_id)
    except TooManyExports as refusal:
        return _too_many_exports(context, refusal)
    set_origin(context.origin)
    await record(AuditAction.REGISTRATION_EXPORTED, account_id=viewer.account_id, contract_id=viewer.contract_id)
    files = registration_files(viewer.contract_id, services.policies.zone)
    pieces = archive_of(files, context.local(await context.now()))
    return Export(pieces, services.export_budget.place(viewer.contract_id))


def _too_many_exports(context: RequestContext, refusal: TooManyExports) -> Response:
    """Name the instant of the next export, in real time even where the test clock is moved."""
    retry_at = context.local(refusal.retry_at)
    until = retry_at + _UP_TO_FULL_MINUTE
    day = date_in_words(until.date(), context.language)
    return error_response(
        429,
        _TOO_MANY_EXPORTS[context.language].format(most=EXPORTS, day=day, time=f"{until:%H:%M}"),
        code="RATE_LIMITED",
        headers={"Retry-After": f"{refusal.retry_after.total_seconds():.0f}"},
        retryAt=retry_at.isoformat(),
    )


class Export(StreamingResponse):
    """An archive that is sent when few others of its contract are."""

    def __init__(self, pieces: AsyncIterator[bytes], turn: AbstractAsyncContextManager[None]) -> None:
        headers = {"Content-Disposition": 'attachment; filename="omakase-login.zip"'}
        super().__init__(pieces, media_type="application/zip", headers=headers)
        self._turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it in its turn."""
        async with self._turn:
            await super().__call__(scope, receive, send)
