"""`/.well-known/security.txt` (RFC 9116): where a person who has found a weakness reports it."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from contract_server.services import Services

PATH = "/.well-known/security.txt"
VALID_FOR = timedelta(days=180)


def security_txt_route(services: Services) -> Route:
    """Return the route of the file."""
    settings = services.settings

    async def page(_: Request) -> Response:
        expires = (await services.clock.now()).replace(microsecond=0) + VALID_FOR
        return PlainTextResponse(
            f"Contact: {settings.security_contact or settings.contact_url}\n"
            f"Expires: {expires.isoformat()}\n"
            "Preferred-Languages: ja, en\n"
            f"Canonical: {settings.public_url}{PATH}\n"
        )

    return Route(PATH, page)
