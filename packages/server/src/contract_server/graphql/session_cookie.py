"""How a client shows its session: a cookie for browsers, `Authorization: Bearer` for others."""

from starlette.requests import Request
from starlette.responses import Response

from contract_server.headers import RequestHeaders
from contract_server.settings import Settings


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds the cookie to this very host and to TLS; development has no TLS."""
    return "session" if settings.development else "__Host-session"


def session_token(request: Request, settings: Settings) -> str | None:
    """The session token that came with the request, if any."""
    scheme, _, token = (RequestHeaders.of(request.scope).get(b"authorization") or "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return _cookie(request, cookie_name(settings))


def _cookie(request: Request, name: str) -> str | None:
    """The first cookie of that name. Tokens are never quoted, and unquoting with the standard library is quadratic."""
    for header in request.headers.getlist("cookie"):
        for pair in header.split(";"):
            key, _, value = pair.partition("=")
            if key.strip() == name:
                return value.strip()
    return None


def set_session_cookie(response: Response, settings: Settings, token: str) -> None:
    """Give the browser its session; no script can read it, no other site can send it along with a POST."""
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(settings.session_absolute_limit.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=not settings.development,
    )


def delete_session_cookie(response: Response, settings: Settings) -> None:
    """Take the browser's session away."""
    response.delete_cookie(
        cookie_name(settings), path="/", httponly=True, samesite="lax", secure=not settings.development
    )
