"""A GraphQL request is read from a body in any number of messages, or from a query string."""

from typing import Any
from urllib.parse import quote

import pytest
from starlette.requests import Request
from starlette.types import Message

from contract_server.graphql.http.request import GraphQLRequest, RequestRefused, read_request


def request(*chunks: bytes, method: str = "POST", query_string: bytes = b"", **headers: str) -> Request:
    lines = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "query_string": query_string,
        "headers": [(name.encode(), value.encode()) for name, value in lines.items()],
    }
    messages = iter(
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
        for number, chunk in enumerate(chunks, start=1)
    )

    async def receive() -> Message:
        return next(messages)

    return Request(scope, receive)


async def never() -> bool:
    return False


async def test_a_body_in_several_messages_is_one_request() -> None:
    read = await read_request(request(b'{"query": "{ a', b' }", ', b'"variables": {"b": 1}}'), never)
    assert read == GraphQLRequest("{ a }", None, {"b": 1})


@pytest.mark.parametrize(
    "rest", [b"", b', "variables": null', b', "extensions": {"x": 1}, "operationName": null', b', "operationName": ""']
)
async def test_a_missing_member_null_and_an_empty_name_are_the_same(rest: bytes) -> None:
    assert await read_request(request(b'{"query": "{ a }"' + rest + b"}"), never) == GraphQLRequest("{ a }", None, {})


async def test_a_query_string_holds_variables_as_json() -> None:
    query_string = b"query=%7Ba%7D&operationName=A&variables=%7B%22b%22:%22%E5%A5%91%22%7D"
    read = await read_request(request(method="GET", query_string=query_string), never)
    assert read == GraphQLRequest("{a}", "A", {"b": "契"})


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        (request(b"{}", content_type="text/plain"), 415),
        (request(b"{}", content_encoding="gzip"), 415),
        (request(b'{"query": "{ a }", "variables": {"b": "\\u0000"}}'), 400),
        (request(b'{"query": "{ a }", "variables": []}'), 400),
        (request(method="GET", query_string=b"query=a&query=b"), 400),
    ],
)
async def test_a_malformed_request_is_refused_with_what_is_expected(refused: Request, status: int) -> None:
    with pytest.raises(RequestRefused) as refusal:
        await read_request(refused, never)
    assert refusal.value.status == status
    assert refusal.value.message.endswith(".")


HASH = b'{"persistedQuery": {"version": 1, "sha256Hash": "ab"}}'


@pytest.mark.parametrize(
    "with_hash_alone",
    [
        request(b'{"extensions": ' + HASH + b"}"),
        request(b'{"query": null, "operationName": "A", "variables": {}, "extensions": ' + HASH + b"}"),
        request(method="GET", query_string=b"operationName=A&extensions=" + quote(HASH).encode()),
    ],
)
async def test_a_hash_in_place_of_the_query_is_told_that_it_is_not_supported(with_hash_alone: Request) -> None:
    with pytest.raises(RequestRefused) as refusal:
        await read_request(with_hash_alone, never)
    refused = refusal.value
    assert (refused.status, refused.message) == (200, "PersistedQueryNotSupported")
    assert refused.code == "PERSISTED_QUERY_NOT_SUPPORTED"


async def test_a_query_is_run_also_if_its_hash_comes_with_it() -> None:
    read = await read_request(request(b'{"query": "{ a }", "extensions": ' + HASH + b"}"), never)
    assert read == GraphQLRequest("{ a }", None, {})


async def test_the_escape_of_a_backslash_is_not_the_escape_of_nul() -> None:
    read = await read_request(request(b'{"query": "{ a }", "variables": {"b": "\\\\u0000"}}'), never)
    assert read.variables == {"b": "\\u0000"}
