"""Answers to requests that never reach the API, in the shape that its clients read."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response


def refusal(
    status: int, message: str, *, code: str = "BAD_USER_INPUT", headers: Mapping[str, str] | None = None
) -> Response:
    """A refusal that tells what to do instead."""
    return JSONResponse({"errors": [{"message": message, "extensions": {"code": code}}]}, status, headers)
