"""What a resolver can ask for: the services, who is logged in, the instant, the language."""

from datetime import date, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from strawberry.types import Info

from contract_rules import Language
from contract_server.accounts.models import Account
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.viewer_contract import CompanyProfile, ViewerContract, find_viewer_contract
from contract_server.development.demo.time_travel import TimeTravel
from contract_server.graphql.http.accept import answer_language
from contract_server.graphql.loaders import Loaders
from contract_server.graphql.session_cookie import session_token
from contract_server.headers import RequestHeaders
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
        self.language: Language = answer_language(RequestHeaders.of(request.scope).get(b"accept-language"))
        self._loaders: Loaders | None = None
        self._viewer_contract: ViewerContract | None = None
        self._viewer: Viewer | None = None
        self._viewer_is_known = False
        self._now: datetime | None = None
        self.refusal: str | None = None  # the code of the problem that the request's mutation has answered with

    async def viewer(self) -> Viewer | None:
        """Who is logged in; None when nobody is, or the session has ended."""
        if not self._viewer_is_known:
            token = session_token(self.request, self.services.settings)
            self._viewer_contract = await self._find_viewer_contract(token) if token else None
            self._viewer = self._viewer_contract.viewer if self._viewer_contract else None
            self._viewer_is_known = True
        return self._viewer

    async def _find_viewer_contract(self, token: str) -> ViewerContract | None:
        return await find_viewer_contract(token, self.services.clock, self.services.settings.session_idle_limit)

    @property
    def loaders(self) -> Loaders:
        """What reads for many contracts at once; most requests are about one, and need none."""
        if self._loaders is None:
            self._loaders = Loaders()
        return self._loaders

    @property
    def viewer_contract(self) -> ViewerContract | None:
        """What was read with the viewer, once they were asked for."""
        return self._viewer_contract

    def set_viewer(self, viewer: Viewer | None) -> None:
        """Whoever has just logged in, or nobody after logging out."""
        self._viewer_contract = None
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
            self._now = self._viewer_contract.now if self._viewer_contract else await self.services.clock.now()
        return self._now

    async def contract(self, contract_id: UUID) -> ContractSnapshot | None:
        """The contract: the viewer's own as it was read with them, or any other."""
        if self._viewer_contract is not None and self._viewer_contract.shows(contract_id):
            return self._viewer_contract.contract
        return await self.loaders.contracts.load(contract_id)

    async def company(self, contract_id: UUID) -> CompanyProfile | None:
        """The company of a contract."""
        if self._viewer_contract is not None and self._viewer_contract.shows(contract_id):
            return self._viewer_contract.company
        return await self.loaders.companies.load(contract_id)

    async def contractor(self, contract_id: UUID) -> Viewer | Account | None:
        """The person who made a contract."""
        if self._viewer_contract is not None and self._viewer_contract.shows(contract_id):
            return self._viewer_contract.viewer
        return await self.loaders.contractors.load(contract_id)

    def today(self, now: datetime) -> date:
        """The calendar day of that instant, where the contractors are."""
        return self.services.policies.today(now)

    def local(self, instant: datetime) -> datetime:
        """That instant, written in the policy's zone."""
        return instant.astimezone(self.services.policies.zone)


RequestInfo = Info[RequestContext, None]
