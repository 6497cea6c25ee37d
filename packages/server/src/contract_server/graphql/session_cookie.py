"""The session token of a request: in a cookie from browsers, in `Authorization: Bearer` from other clients."""

from starlette.requests import Request
from starlette.responses import Response

from contract_server.headers import RequestHeaders
from contract_server.settings import Settings


def cookie_name(settings: Settings) -> str:
    """The name of the cookie. `__Host-` binds it to this host and to TLS; development has no TLS."""
    return "session" if settings.development else "__Host-session"


def bearer_token(request: Request) -> str | None:
    """The token that the request has in `Authorization: Bearer`, if any."""
    scheme, _, token = (RequestHeaders.of(request.scope).get(b"authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None


def session_token(request: Request, settings: Settings) -> str | None:
    """The session token of the request, if any."""
    return bearer_token(request) or read_cookie(request, cookie_name(settings))


def read_cookie(request: Request, name: str) -> str | None:
    """The first cookie of that name. Tokens are never quoted, and unquoting with the standard library is quadratic."""
    for header in request.headers.getlist("cookie"):
        for pair in header.split(";"):
            key, _, value = pair.partition("=")
            if key.strip() == name:
                return value.strip()
    return None


def set_session_cookie(response: Response, settings: Settings, token: str) -> None:
    """Set the session cookie: scripts cannot read it, and other sites cannot send it with a POST."""
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
    """Delete the session cookie."""
    response.delete_cookie(
        cookie_name(settings), path="/", httponly=True, samesite="lax", secure=not settings.development
    )
