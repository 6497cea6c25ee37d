"""What a resolver can ask for: the services, who is logged in, the instant, the language."""

from datetime import date, datetime

from starlette.requests import Request
from starlette.responses import Response
from strawberry.types import Info

from contract_rules import Language
from contract_server.accounts.viewer import Viewer
from contract_server.demo.time_travel import TimeTravel
from contract_server.graphql.cookies import session_token
from contract_server.graphql.language import negotiate
from contract_server.graphql.loaders import Loaders
from contract_server.services import Services


class RequestContext:
    """One request's view of the world. Viewer and instant are read when first asked for, and then stay."""

    def __init__(
        self, services: Services, request: Request, response: Response, time_travel: TimeTravel | None
    ) -> None:
        self.services = services
        self._time_travel = time_travel
        self.request = request
        self.response = response
        self.language: Language = negotiate(request.headers.get("accept-language", ""))
        self.loaders = Loaders()
        self._viewer: Viewer | None = None
        self._viewer_is_known = False
        self._now: datetime | None = None

    async def viewer(self) -> Viewer | None:
        """Who is logged in; None when nobody is, or the session has ended."""
        if not self._viewer_is_known:
            token = session_token(self.request)
            self._viewer = await self.services.sessions.find(token) if token else None
            self._viewer_is_known = True
        return self._viewer

    def set_viewer(self, viewer: Viewer | None) -> None:
        """Whoever has just logged in, or nobody after logging out."""
        self._viewer = viewer
        self._viewer_is_known = True

    @property
    def source(self) -> str:
        """Where the request comes from, as limits count it."""
        peer = self.request.client.host if self.request.client else None
        return self.services.sources.of(peer, self.request.headers.getlist("x-forwarded-for"))

    @property
    def time_travel(self) -> TimeTravel:
        """Moves the test clock.

        Raises:
            LookupError: This is not development.
        """
        if self._time_travel is None:
            raise LookupError("there is no test clock outside development")
        return self._time_travel

    async def now(self) -> datetime:
        """The instant of this request: all of one answer speaks of the same moment."""
        if self._now is None:
            self._now = await self.services.clock.now()
        return self._now

    def today(self, now: datetime) -> date:
        """The calendar day of that instant, where the contractors are."""
        return self.services.policies.today(now)

    def local(self, instant: datetime) -> datetime:
        """That instant, written in the policy's zone."""
        return instant.astimezone(self.services.policies.zone)


RequestInfo = Info[RequestContext, None]
