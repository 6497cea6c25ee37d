"""Which requests are answered, and with which HTTP status the others are refused."""

import httpx
import pytest

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
TYPENAME = "{ __typename }"


async def post(client: httpx.AsyncClient, content: bytes | str, **headers: str) -> httpx.Response:
    wanted = {"content-type": JSON} | {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/graphql", content=content, headers=wanted)


@pytest.mark.parametrize(
    ("accept", "written"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.8, {JSON}", JSON),
        (f"{GRAPHQL}; charset=utf-8", GRAPHQL),
        (f"{GRAPHQL};q=0, */*;q=0.1", JSON),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("APPLICATION/JSON", JSON),
        (f"{JSON};q=0.5, {GRAPHQL};q*=utf-8''0.9", GRAPHQL),
    ],
)
async def test_an_answer_is_written_as_the_client_likes_it_best(
    production: httpx.AsyncClient, accept: str | None, written: str
) -> None:
    del production.headers["accept"]
    headers = {} if accept is None else {"accept": accept}
    answer = await production.post("/graphql", json={"query": TYPENAME}, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{written}; charset=utf-8"
    assert answer.headers["vary"] == "Accept, Accept-Language"
    assert answer.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("accept", ["text/html", "image/*", f"{JSON};q=0", f"{JSON};charset=shift_jis", ";;;", "q=1"])
async def test_a_client_that_reads_nothing_we_write_is_told_so(production: httpx.AsyncClient, accept: str) -> None:
    answer = await post(production, "{}", accept=accept)
    assert answer.status_code == 406
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/plain;application/json",
        "text/plain; charset=application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/jsonp",
        "application/json; charset=shift_jis",
    ],
)
async def test_a_body_that_is_not_declared_json_is_not_read(production: httpx.AsyncClient, content_type: str) -> None:
    answer = await post(production, b'{"query": "{ __typename }"}', content_type=content_type)
    assert answer.status_code == 415


async def test_a_compressed_body_is_not_read(production: httpx.AsyncClient) -> None:
    assert (await post(production, b"", content_encoding="gzip")).status_code == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "QUERY"])
async def test_only_get_and_post_are_methods(production: httpx.AsyncClient, method: str) -> None:
    answer = await production.request(method, "/graphql")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'[{"query": "{ __typename }"}, {"query": "{ __typename }"}]',
        b'"{ __typename }"',
        b"{}",
        b'{"query": null}',
        b'{"query": 1}',
        b'{"query": ["{ __typename }"]}',
        b'{"query": "{ __typename }", "operationName": 1}',
        b'{"query": "{ __typename }", "variables": "{}"}',
        b'{"query": "{ __typename }", "variables": [1]}',
        b'{"query": "{ __typename }", "variables": 0}',
        b'{"query": "{ __typename }", "variables": false}',
        b'{"query": "{ __typename }", "extensions": ""}',
        b'{"query": "{ __typename }", "variables": {"a": NaN}}',
        b'{"query": "{ __typename } # \xff"}',
        b'\xff\xfe{\x00"\x00',
        b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
        b'{"query": "{ __typename }", "variables": {"a": "\xed\xa0\x80"}}',
        b'{"query": "{ __typename }", "variables": {"a": ["\\u0000"]}}',
        b'{"query": "{ __typename }", "variables": {"\\u0000": 1}}',
        b'{"query": "\\u0000{ __typename }"}',
        b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 60_000 + b"}}",
        b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 30_000 + b"]" * 30_000 + b"}}",
    ],
)
@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_a_malformed_request_is_refused_whatever_the_answer_is_written_as(
    production: httpx.AsyncClient, body: bytes, accept: str
) -> None:
    answer = await post(production, body, accept=accept)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("", {}),
        ("{", {}),
        ("{ noSuchField }", {}),
        ("query A { __typename } query B { __typename }", {}),
        ("query ($day: Date) { timeline(requestedOn: $day) { requestedOn } }", {"day": "2024-02-30"}),
        ("query ($id: ID!) { contract(id: $id) { id } }", {}),
        ("query ($first: Int) { contracts(first: $first) { nodes { id } } }", {"first": 10**30}),
        ("{ contracts(first: 1" + "0" * 5_000 + ") { nodes { id } } }", {}),
        ("{ timeline(requestedOn: 1" + "0" * 5_000 + ") { requestedOn } }", {}),
        ("{ timeline(requestedOn: 1e999999) { requestedOn } }", {}),
        ('{ contract(id: "\\u0000") { id } }', {}),
        ('{ contract(id: "\\uD800") { id } }', {}),
        ("subscription { __typename }", {}),
    ],
)
async def test_what_fails_before_execution_is_200_as_json_and_400_as_a_graphql_response(
    production: httpx.AsyncClient, query: str, variables: dict[str, object]
) -> None:
    content = httpx.Request("POST", "/", json={"query": query, "variables": variables}).content
    for accept, status in ((JSON, 200), (GRAPHQL, 400)):
        answer = await post(production, content, accept=accept)
        assert answer.status_code == status
        assert list(answer.json()) == ["errors"]
        for error in answer.json()["errors"]:
            assert error["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_a_hash_in_place_of_the_query_is_200_so_that_the_client_sends_the_query(
    production: httpx.AsyncClient, accept: str
) -> None:
    body = b'{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "ab"}}}'
    answer = await post(production, body, accept=accept)
    assert answer.status_code == 200
    error = {"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}
    assert answer.json() == {"errors": [error]}


@pytest.mark.parametrize("name", ["", None])
async def test_an_empty_operation_name_is_none(production: httpx.AsyncClient, name: str | None) -> None:
    answer = await production.post("/graphql", json={"query": "{ __typename }", "operationName": name})
    assert answer.json() == {"data": {"__typename": "Query"}}


async def test_get_runs_a_query_with_its_variables(production: httpx.AsyncClient) -> None:
    answer = await production.get(
        "/graphql",
        params={
            "query": "query A { __typename } query B($full: Boolean!) { __typename @include(if: $full) }",
            "operationName": "B",
            "variables": '{"full": false}',
        },
    )
    assert answer.status_code == 200
    assert answer.json() == {"data": {}}


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "query=%7B__typename%7D&query=%7B__typename%7D",
        "query=%FF",
        "query=%7B__typename%7D&variables=%5B%5D",
        "query=%7B__typename%7D&variables=%7B",
        "query=%7B__typename%7D&variables=%7B%22a%22:%22%5Cu0000%22%7D",
        "&".join(f"a{number}=1" for number in range(30)),
    ],
)
async def test_a_malformed_query_string_is_refused(production: httpx.AsyncClient, query_string: str) -> None:
    assert (await production.get(f"/graphql?{query_string}")).status_code == 400


@pytest.mark.parametrize(
    "query",
    ["mutation { logOut { ok } }", "query A { __typename } mutation B { __typename }", "mutation { a: __typename }"],
)
async def test_get_changes_nothing(production: httpx.AsyncClient, query: str) -> None:
    answer = await production.get(
        "/graphql", params={"query": query, "operationName": "B" if "query A" in query else ""}
    )
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


async def test_one_of_several_operations_is_run_by_its_name(production: httpx.AsyncClient) -> None:
    answer = await production.post(
        "/graphql", json={"query": "query A { a: __typename } query B { b: __typename }", "operationName": "B"}
    )
    assert answer.json() == {"data": {"b": "Query"}}
