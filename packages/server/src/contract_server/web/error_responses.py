"""Error responses to requests that never reach the API, in the API's own format."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response


def error_response(
    status: int, message: str, *, code: str = "BAD_USER_INPUT", headers: Mapping[str, str] | None = None
) -> Response:
    """A response with one error; the message says what to do instead."""
    return JSONResponse({"errors": [{"message": message, "extensions": {"code": code}}]}, status, headers)
