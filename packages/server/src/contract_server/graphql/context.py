"""The context of a request: the services, the viewer, the instant, the language."""

from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from strawberry.types import Info

from contract_rules import Language
from contract_server.accounts.models import Account
from contract_server.accounts.second_factor.policy import opens_session
from contract_server.accounts.tokens import keyed_hash
from contract_server.accounts.viewer import Viewer
from contract_server.audit.origin import Interface, Origin
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.viewer_contract import CompanyProfile, ViewerContract, find_viewer_contract
from contract_server.graphql.device_cookie import device_cookie, set_device_cookie
from contract_server.graphql.http.accept import answer_language
from contract_server.graphql.loaders import Loaders
from contract_server.graphql.session_cookie import bearer_token, session_token
from contract_server.headers import RequestHeaders
from contract_server.integration.service_accounts import Service
from contract_server.services import Services


class TimeTravel(Protocol):
    """The movable clock of development."""

    async def advance(self, to: datetime) -> None:
        """Move the clock to that instant, and do the work that falls due on the way."""
        ...

    async def reset(self) -> None:
        """Return to real time and to the original demonstration data."""
        ...

    async def moved_by(self) -> timedelta:
        """How far the clock is ahead of real time."""
        ...


class RequestContext:
    """The state of one request. Viewer and instant are read at first use and do not change afterwards."""

    def __init__(
        self, services: Services, request: Request, response: Response, time_travel: TimeTravel | None
    ) -> None:
        self.services = services
        self._time_travel = time_travel
        self.request = request
        self.response = response
        self.language: Language = answer_language(RequestHeaders.of(request.scope).get(b"accept-language"))
        self.token = session_token(request, services.settings)
        self._loaders: Loaders | None = None
        self._viewer_contract: ViewerContract | None = None
        self._viewer: Viewer | None = None
        self._session_viewer: Viewer | None = None
        self._viewer_is_known = False
        self._now: datetime | None = None
        self.refusal: str | None = None  # the code of the problem that the mutation returned

    async def viewer(self) -> Viewer | None:
        """The logged-in person; None without a session, after its end, and before its second factor."""
        if not self._viewer_is_known:
            found = await self._find_viewer_contract(self.token) if self.token else None
            self._session_viewer = found.viewer if found else None
            self._viewer_contract = found if found and self.opens_session(found.viewer) else None
            self._viewer = self._viewer_contract.viewer if self._viewer_contract else None
            self._viewer_is_known = True
        return self._viewer

    async def session_viewer(self) -> Viewer | None:
        """The owner of the session, who may still have to show the second factor; for operations that ask for it."""
        await self.viewer()
        return self._session_viewer

    def opens_session(self, viewer: Viewer) -> bool:
        """Whether the session of the viewer opens anything: not before the second factor, where that is needed."""
        return opens_session(viewer, required=self.services.settings.requires_second_factor)

    async def service(self) -> Service | None:
        """The service that asks; None for people, and for a token that is unknown, expired or revoked."""
        return await self.services.service_accounts.find(bearer_token(self.request))

    async def _find_viewer_contract(self, token: str) -> ViewerContract | None:
        return await find_viewer_contract(token, self.services.clock, self.services.settings.session_idle_limit)

    @property
    def loaders(self) -> Loaders:
        """The loaders for lists of contracts. Most requests concern one contract and need none."""
        if self._loaders is None:
            self._loaders = Loaders()
        return self._loaders

    @property
    def viewer_contract(self) -> ViewerContract | None:
        """The contract that was read together with the viewer; None before `viewer` was called."""
        return self._viewer_contract

    def set_viewer(self, viewer: Viewer | None) -> None:
        """Replace the viewer after a log-in, or by None after a log-out."""
        self._viewer_contract = None
        self._viewer = self._session_viewer = viewer
        self._viewer_is_known = True

    async def use_token(self, token: str) -> None:
        """Go on with the session of that token."""
        self.token, self._viewer_is_known = token, False
        await self.viewer()

    @property
    def client_address(self) -> str:
        """The client's address, as rate limits count it."""
        peer = self.request.client.host if self.request.client else None
        return self.services.client_addresses.of(peer, self.request.headers.getlist("x-forwarded-for"))

    @property
    def origin(self) -> Origin:
        """The origin of changes in the audit trail. Only browsers send `Sec-Fetch-Mode`, and scripts cannot set it."""
        is_page = RequestHeaders.of(self.request.scope).get(b"sec-fetch-mode") is not None
        return Origin(Interface.PAGE if is_page else Interface.API, find_source=self.source)

    def source(self) -> str:
        """The keyed hash of the client's address, for the audit trail."""
        secret = self.services.settings.secret_key.get_secret_value().encode()
        return keyed_hash(secret, "audit source", self.client_address)

    @property
    def device_cookie(self) -> str | None:
        """The proof that this browser has logged in before."""
        return device_cookie(self.request, self.services.settings)

    def remember_device(self, email: str) -> None:
        """Let this browser prove from now on that this account has logged in there."""
        cookie = self.services.devices.remember(self.device_cookie, email)
        set_device_cookie(self.response, self.services.settings, cookie)

    @property
    def time_travel(self) -> TimeTravel:
        """The movable clock.

        Raises:
            LookupError: The environment is not development.
        """
        if self._time_travel is None:
            raise LookupError("there is no test clock outside development")
        return self._time_travel

    async def now(self) -> datetime:
        """The instant of this request: every part of a response uses the same one."""
        if self._now is None:
            self._now = self._viewer_contract.now if self._viewer_contract else await self.services.clock.now()
        return self._now

    async def contract(self, contract_id: UUID) -> ContractSnapshot | None:
        """The contract: the viewer's own as it was read with the viewer, or any other."""
        if self._viewer_contract is not None and self._viewer_contract.shows(contract_id):
            return self._viewer_contract.contract
        return await self.loaders.contracts.load(contract_id)

    async def company(self, contract_id: UUID) -> CompanyProfile | None:
        """The company of a contract."""
        if self._viewer_contract is not None and self._viewer_contract.shows(contract_id):
            return self._viewer_contract.company
        return await self.loaders.companies.load(contract_id)

    async def contractor(self, contract_id: UUID) -> Viewer | Account | None:
        """The contractor of a contract."""
        if self._viewer_contract is not None and self._viewer_contract.shows(contract_id):
            return self._viewer_contract.viewer
        return await self.loaders.contractors.load(contract_id)

    def today(self, now: datetime) -> date:
        """The calendar day of that instant in the policy's zone."""
        return self.services.policies.today(now)

    def local(self, instant: datetime) -> datetime:
        """The same instant in the policy's zone."""
        return instant.astimezone(self.services.policies.zone)


RequestInfo = Info[RequestContext, None]
