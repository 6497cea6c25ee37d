"""Error responses to requests that never reach the API, in the API's own format."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from contract_server.headers import LONGEST_HEADER, LONGEST_HEADERS, LONGEST_URL, MOST_HEADERS


def error_response(
    status: int,
    message: str,
    *,
    code: str = "BAD_USER_INPUT",
    headers: Mapping[str, str] | None = None,
    **extensions: str,
) -> Response:
    """A response with one error; the message says what to do instead."""
    error = {"message": message, "extensions": {"code": code, **extensions}}
    return JSONResponse({"errors": [error]}, status, headers)


def url_too_long() -> Response:
    """The answer to a URL above the limit."""
    return error_response(414, f"The address is too long: {LONGEST_URL // 1024} KiB are accepted.")


def headers_too_long() -> Response:
    """The answer to headers above a limit."""
    return error_response(
        431,
        f"The headers are too long: {LONGEST_HEADER // 1024} KiB are accepted in one,"
        f" {LONGEST_HEADERS // 1024} KiB and {MOST_HEADERS} lines in all. Send fewer and shorter ones.",
    )
