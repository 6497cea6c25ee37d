"""The cookie by which a browser that has logged in before is recognised."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from contract_server.graphql.session_cookie import read_cookie
from contract_server.settings import Settings

_KEPT_FOR = timedelta(days=400)  # browsers keep none for longer


def _name(settings: Settings) -> str:
    return "device" if settings.development else "__Host-device"


def device_cookie(request: Request, settings: Settings) -> str | None:
    """The device cookie of the request, if any."""
    return read_cookie(request, _name(settings))


def set_device_cookie(response: Response, settings: Settings, value: str) -> None:
    """Set the device cookie, which a log-out does not delete."""
    response.set_cookie(
        _name(settings),
        value,
        max_age=int(_KEPT_FOR.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=not settings.development,
    )
