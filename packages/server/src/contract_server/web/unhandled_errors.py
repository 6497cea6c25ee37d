"""Unexpected errors: the client gets no details, and the log entry carries the request id."""

from starlette.responses import JSONResponse, Response

from contract_server.db.availability import is_transient
from contract_server.graphql.errors import masked, unavailable
from contract_server.graphql.http.accept import answer_language
from contract_server.headers import RequestHeaders
from contract_server.logs import get_logger

log = get_logger(__name__)


def response_to(error: Exception, headers: RequestHeaders) -> Response:
    """The response to a request that ended with an error: 503 if the database is unavailable, else 500."""
    language = answer_language(headers.get(b"accept-language"))
    if is_transient(error):
        return JSONResponse({"errors": [unavailable(language)]}, 503, {"Retry-After": "5"})
    log.error("request failed", exc_info=error)
    return JSONResponse({"errors": [masked(language)]}, 500)
