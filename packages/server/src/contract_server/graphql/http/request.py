"""The GraphQL request in an HTTP request. A malformed one is refused before any GraphQL is parsed."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from contract_server.graphql.execution.query_cost import REGISTRATION_VALUES, OverBudget, check_values
from contract_server.graphql.http.accept import is_json
from contract_server.headers import RequestHeaders

METHODS = ("GET", "POST")
_MOST_PARAMETERS = 20


class RequestRefused(Exception):
    """The request is malformed; the message says what is expected."""

    code = "BAD_USER_INPUT"

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


class PersistedQueryNotSupported(RequestRefused):
    """The request has a hash in place of its query. By convention, this answer makes the client send the query."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"

    def __init__(self) -> None:
        super().__init__(200, "PersistedQueryNotSupported")


class GraphQLRequest(NamedTuple):
    """An operation to execute."""

    query: str
    operation_name: str | None
    variables: dict[str, Any]


async def read_request(request: Request, may_be_large: Callable[[], Awaitable[bool]]) -> GraphQLRequest:
    """Read the operation of an HTTP request, which may have more values than others where `may_be_large` says so.

    Raises:
        RequestRefused: 400 or 415; 200 for a persisted query.
        OverBudget: It has too many values, or nests them too deep.
    """
    if request.method == "GET":
        parameters = _from_query_string(request.scope["query_string"])
    elif not _is_plain_json(RequestHeaders.of(request.scope)):
        raise RequestRefused(415, "Send the request as Content-Type: application/json, in UTF-8, not compressed.")
    else:
        parameters = _object(_json(await _body(request)), "The body")
    try:
        check_values(parameters)
    except OverBudget:
        if not await may_be_large():
            raise
        check_values(parameters, REGISTRATION_VALUES)
    query = _query(parameters)
    operation_name = parameters.get("operationName")
    if not isinstance(operation_name, str | None):
        raise RequestRefused(400, "`operationName` must be a string or null.")
    return GraphQLRequest(query, operation_name or None, _optional_object(parameters, "variables"))


def _query(parameters: dict[str, Any]) -> str:
    query = parameters.get("query")
    extensions = _optional_object(parameters, "extensions")
    if query is None and "persistedQuery" in extensions:
        raise PersistedQueryNotSupported
    if not isinstance(query, str):
        raise RequestRefused(400, "`query` must be a string.")
    return query


def _is_plain_json(headers: RequestHeaders) -> bool:
    return is_json(headers.get(b"content-type")) and headers.get(b"content-encoding") is None


async def _body(request: Request) -> bytes:
    """Read the body, which nearly always comes in one message."""
    message = await request.receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await request.receive()
        body += message.get("body", b"")
    return body


def _optional_object(parameters: dict[str, Any], name: str) -> dict[str, Any]:
    """Read an object; null and a missing member mean an empty one."""
    value = parameters.get(name)
    return {} if value is None else _object(value, f"`{name}`")


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RequestRefused(400, f"{name} must be a JSON object.")
    return value


def _from_query_string(raw: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(raw.decode("ascii"), errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise RequestRefused(400, "The query string must be percent-encoded UTF-8.") from None
    parameters: dict[str, Any] = dict(pairs)
    if len(parameters) < len(pairs):
        raise RequestRefused(400, "Each parameter must be given once.")
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = _json(parameters[name].encode())
    return parameters


def _json(text: bytes) -> object:
    """Parse JSON. `orjson` refuses bad UTF-8, lone surrogates and very deep nesting."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RequestRefused(400, "The request must be valid JSON in UTF-8.") from None
    # JSON can write U+0000 in this way only, so for nearly every text its values need not be searched.
    if b"\\u0000" in text and _contains_nul(value):
        raise RequestRefused(400, "Text must not contain U+0000.")
    return value


def _contains_nul(value: object) -> bool:
    """Whether any text contains U+0000, which PostgreSQL cannot store."""
    pending = [value]
    while pending:
        match pending.pop():
            case str() as text:
                if "\0" in text:
                    return True
            case dict() as members:
                pending += [*members.keys(), *members.values()]
            case list() as items:
                pending += items
    return False
