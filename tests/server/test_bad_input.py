"""What callers do wrong is told plainly, in their language, and gives nothing away."""

import base64
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from tests.server.running import ACTIVE_CONTRACT, GRACE_CONTRACT, Client, Running

CONTRACT = "query ($id: ID!) { contract(id: $id) { id status version } }"
VIEWER = "query { viewer { role } }"
TERMINATE = """
mutation ($input: TerminateContractInput!) {
  terminateContract(input: $input) {
    __typename
    ... on ContractTerminated { contract { ...Shown } }
    ... on ActionRefused { contract { ...Shown } }
    ... on StaleContract { contract { ...Shown } }
    ... on InvalidInput { path }
    ... on Problem { code message }
  }
}
fragment Shown on Contract { id version status endedOn termination { id requestedAt } }
"""
RESUME = """
mutation ($input: ResumeContractInput!) {
  resumeContract(input: $input) {
    __typename
    ... on ContractResumed { contract { id version status } }
    ... on ActionRefused { contract { id version status } }
    ... on StaleContract { contract { id version status } }
    ... on InvalidInput { path }
    ... on Problem { code message }
  }
}
"""
HOLD = """
mutation ($input: HoldErasureInput!) {
  holdErasure(input: $input) {
    __typename
    ... on ErasureHeld { contract { erasureHold { reason } } }
    ... on InvalidInput { path }
    ... on Problem { code message }
  }
}
"""
TIMELINE = "query ($day: Date) { timeline(requestedOn: $day) { requestedOn erasure { lastDay at } } }"
CONTRACTS = "query ($first: Int, $after: String) { contracts(first: $first, after: $after) { nodes { id } } }"
EVENTS = """
query ($id: ID!, $first: Int, $after: String) {
  contract(id: $id) { events(first: $first, after: $after) { nodes { type } } }
}
"""
NOT_HERS = ["00000000-0000-7000-8000-000000000000", GRACE_CONTRACT, "", "1", "not-an-id", "😀", "x" * 10_000]


async def terminate(client: Client, **given: object) -> dict[str, Any]:
    result: dict[str, Any] = (await client.ask(TERMINATE, input={"contractId": ACTIVE_CONTRACT} | given))[
        "terminateContract"
    ]
    return result


async def resume(client: Client, **given: object) -> dict[str, Any]:
    result: dict[str, Any] = (await client.ask(RESUME, input={"contractId": ACTIVE_CONTRACT} | given))["resumeContract"]
    return result


def cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# ------------------------------------------------------------------ who may see what


async def test_unknown_malformed_and_foreign_ids_cannot_be_told_apart(client: Client) -> None:
    await client.log_in("active@example.jp")
    looked_at = {(await client.post(CONTRACT, id=each)).content for each in NOT_HERS}
    assert looked_at == {b'{"data":{"contract":null}}'}
    for mutation in (TERMINATE, RESUME):
        answers = {(await client.post(mutation, input={"contractId": each})).content for each in NOT_HERS}
        assert len(answers) == 1
        assert b'"__typename":"ContractNotFound"' in answers.pop()


async def test_whoever_is_not_logged_in_is_asked_to(client: Client) -> None:
    assert (await client.ask(VIEWER)) == {"viewer": None}
    assert await client.errors(CONTRACT, id=ACTIVE_CONTRACT) == ["UNAUTHENTICATED"]
    assert await client.errors(CONTRACTS) == ["UNAUTHENTICATED"]
    for contract_id in (ACTIVE_CONTRACT, "not-an-id"):
        assert await client.errors(TERMINATE, input={"contractId": contract_id}) == ["UNAUTHENTICATED"]
        assert await client.errors(HOLD, input={"contractId": contract_id, "reason": ""}) == ["UNAUTHENTICATED"]


async def test_a_role_does_what_is_its_own_and_nothing_else(client: Client) -> None:
    await client.log_in("active@example.jp")
    assert await client.errors(CONTRACTS) == ["FORBIDDEN"]
    assert await client.errors("query { health { ok } }") == ["FORBIDDEN"]
    for reason in ("2024-001", ""):
        assert await client.errors(HOLD, input={"contractId": ACTIVE_CONTRACT, "reason": reason}) == ["FORBIDDEN"]
    await client.log_in("operator@example.jp")
    for name, mutation in (("terminateContract", TERMINATE), ("resumeContract", RESUME)):
        answer = await client.ask(mutation, input={"contractId": ACTIVE_CONTRACT})
        assert answer[name]["__typename"] == "InvalidInput"  # an operator gives a note


@pytest.mark.parametrize(
    "ended",
    [
        "expires_at = clock_timestamp()",
        "last_used_at = clock_timestamp() - interval '2 hours'",
    ],
)
async def test_an_expired_session_opens_nothing(service: Running, client: Client, ended: str) -> None:
    await client.log_in("active@example.jp")
    assert (await client.ask(VIEWER))["viewer"] is not None
    connection = await asyncpg.connect(service.database_url)
    try:
        await connection.execute(f"UPDATE session SET {ended}")  # noqa: S608 - one of the two above
    finally:
        await connection.close()
    assert (await client.ask(VIEWER))["viewer"] is None
    assert await client.errors(TERMINATE, input={"contractId": ACTIVE_CONTRACT}) == ["UNAUTHENTICATED"]


async def test_an_invented_token_is_no_session(client: Client) -> None:
    for value in ("Bearer invented", "Bearer", "Basic YTpi", "bearer\tx", "x"):
        client.http.headers["Authorization"] = value
        assert (await client.ask(VIEWER))["viewer"] is None


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: Client) -> None:
    wrong = await client.log_in("active@example.jp", "omakase-demo-2025")
    assert wrong["code"] == "INVALID_CREDENTIALS"
    assert await client.log_in("nobody@example.jp") == wrong
    assert await client.log_in("") == wrong


# ------------------------------------------------------------------ what cannot be read


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b'"query"', b"42", b"{}", b'{"query": 42}', b"\xff\xfe", b"[" * 5_000]
)
async def test_a_body_that_is_no_request_is_refused_with_400(client: Client, body: bytes) -> None:
    response = await client.http.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert "Traceback" not in response.text


@pytest.mark.parametrize(
    "day",
    ["2024-02-30", "2024-2-3", "20240301", "tomorrow", "", "2024-03-01T00:00:00Z", "２０２４-03-01", 20240302, True],
)
async def test_a_malformed_day_is_bad_user_input(client: Client, day: object) -> None:
    assert await client.errors(TIMELINE, day=day) == ["BAD_USER_INPUT"]


async def test_days_are_computed_as_far_as_the_calendar_goes(client: Client) -> None:
    for day in ("0001-01-01", "9999-10-30"):
        answer = await client.post(TIMELINE, day=day)
        assert answer.json()["data"]["timeline"]["requestedOn"] == day
    for day in ("9999-12-31", "9999-12-01"):
        assert await client.errors(TIMELINE, day=day) == ["BAD_USER_INPUT"]


async def test_an_instant_is_rfc_3339_even_where_local_time_had_seconds_in_its_offset(client: Client) -> None:
    answer = await client.ask(TIMELINE, day="1880-01-01")
    assert answer["timeline"]["erasure"]["at"] == "1880-02-15T14:41:01+00:00"


@pytest.mark.parametrize(
    "instant", ["2051-01-01T00:00:00", "2051-01-01", "2051-13-01T00:00:00Z", "2051-01-01T24:00:01Z", "now", 1, ""]
)
async def test_an_instant_without_an_offset_is_bad_user_input(client: Client, instant: object) -> None:
    mutation = "mutation ($to: DateTime) { advanceTestClock(input: { to: $to }) { __typename } }"
    assert await client.errors(mutation, to=instant) == ["BAD_USER_INPUT"]


GARBAGE = [
    "garbage",
    "ä",
    cursor("contract:garbage"),
    cursor("event:garbage"),
    cursor("event:2024-03-01T00:00:00|garbage"),
    cursor(f"event:2024-03-01T00:00:00|{uuid4()}"),
    cursor("contract:"),
    cursor(":"),
]


async def test_pages_are_of_one_to_a_hundred_and_begin_after_a_cursor(client: Client) -> None:
    await client.log_in("operator@example.jp")
    for first in (0, -1, 101, 2**31 - 1):
        assert await client.errors(CONTRACTS, first=first) == ["BAD_USER_INPUT"]
        assert await client.errors(EVENTS, id=ACTIVE_CONTRACT, first=first) == ["BAD_USER_INPUT"]
    for after in GARBAGE:
        assert await client.errors(CONTRACTS, after=after) == ["BAD_USER_INPUT"], after
        assert await client.errors(EVENTS, id=ACTIVE_CONTRACT, after=after) == ["BAD_USER_INPUT"], after
    for possible in (1, 100, None):
        assert (await client.ask(CONTRACTS, first=possible))["contracts"]["nodes"]


@pytest.mark.parametrize("reason", ["", " ", "　", "x" * 501, "理" * 501])
async def test_a_hold_needs_a_reason_of_1_to_500_characters(client: Client, reason: str) -> None:
    await client.log_in("operator@example.jp")
    result = (await client.ask(HOLD, input={"contractId": ACTIVE_CONTRACT, "reason": reason}))["holdErasure"]
    assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", "reason"])


async def test_the_longest_reason_is_kept(client: Client) -> None:
    await client.log_in("operator@example.jp")
    result = (await client.ask(HOLD, input={"contractId": ACTIVE_CONTRACT, "reason": "理" * 500}))["holdErasure"]
    assert result["contract"]["erasureHold"]["reason"] == "理" * 500


# ------------------------------------------------------------------ asking again


async def test_the_same_key_and_input_give_the_first_answer_again(client: Client) -> None:
    await client.log_in("active@example.jp")
    first = await terminate(client, idempotencyKey="k")
    assert first["__typename"] == "ContractTerminated"
    assert await terminate(client, idempotencyKey="k") == first
    await resume(client)
    assert (await client.ask(CONTRACT, id=ACTIVE_CONTRACT))["contract"]["status"] == "ACTIVE"
    assert await terminate(client, idempotencyKey="k") == first
    assert (await client.ask(CONTRACT, id=ACTIVE_CONTRACT))["contract"]["status"] == "ACTIVE"


async def test_a_refusal_is_given_again_too(client: Client) -> None:
    await client.log_in("active@example.jp")
    refused = await resume(client, idempotencyKey="k")
    assert refused["code"] == "NOT_TERMINATED"
    stale = await terminate(client, idempotencyKey="l", expectedVersion=99)
    assert stale["code"] == "STALE_CONTRACT"
    await terminate(client)
    assert await resume(client, idempotencyKey="k") == refused
    assert await terminate(client, idempotencyKey="l", expectedVersion=99) == stale


async def test_a_repeated_answer_is_told_in_the_language_of_the_request(client: Client) -> None:
    await client.log_in("active@example.jp")
    refused = await resume(client, idempotencyKey="k")
    client.http.headers["Accept-Language"] = "en"
    again = await resume(client, idempotencyKey="k")
    assert again | {"message": ""} == refused | {"message": ""}
    assert refused["message"] != again["message"]
    assert again["message"].isascii()


async def test_a_key_means_one_thing(client: Client) -> None:
    await client.log_in("active@example.jp")
    await terminate(client, idempotencyKey="k")
    for other in ({"reason": "OTHER"}, {"expectedVersion": 1}):
        assert (await terminate(client, idempotencyKey="k", **other))["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert (await resume(client, idempotencyKey="k"))["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert (await client.ask(CONTRACT, id=ACTIVE_CONTRACT))["contract"]["version"] == 2


async def test_a_key_belongs_to_its_viewer(service: Running, client: Client) -> None:
    await client.log_in("active@example.jp")
    await terminate(client, idempotencyKey="k")
    async with service.client() as other:
        await other.log_in("grace@example.jp")
        resumed = await resume(other, contractId=GRACE_CONTRACT, idempotencyKey="k")
    assert resumed["__typename"] == "ContractResumed"


@pytest.mark.parametrize("key", ["", "x" * 256, "鍵" * 256])
async def test_a_key_has_1_to_255_characters(client: Client, key: str) -> None:
    await client.log_in("active@example.jp")
    result = await terminate(client, idempotencyKey=key)
    assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", "idempotencyKey"])
    assert (await terminate(client, idempotencyKey="鍵" * 255))["__typename"] == "ContractTerminated"


async def test_a_request_for_an_older_version_changes_nothing(client: Client) -> None:
    await client.log_in("active@example.jp")
    for version in (0, 2, -1, 2**31 - 1):
        stale = await terminate(client, expectedVersion=version)
        assert stale["code"] == "STALE_CONTRACT"
        assert (stale["contract"]["version"], stale["contract"]["status"]) == (1, "ACTIVE")
    assert (await terminate(client, expectedVersion=1))["__typename"] == "ContractTerminated"


# ------------------------------------------------------------------ languages


@pytest.mark.parametrize(
    ("accepted", "english"),
    [
        ("en", True),
        ("en-US,en;q=0.9", True),
        ("EN-gb", True),
        ("fr, en;q=0.5, ja;q=0.1", True),
        ("ja;q=0, en;q=0.1", True),
        ("en; q=0.9, ja; q=0.1", True),
        ("ja", False),
        ("en; q=0.1, ja", False),
        ("en;q=0", False),
        ("ja-JP,ja;q=0.9,en;q=0.8", False),
        ("fr", False),
        ("*", False),
        ("", False),
        (";;;q=,=, en;q=high", False),
        ("english", False),
        ("en;q=nan", False),
    ],
)
async def test_messages_are_in_the_language_that_is_preferred(client: Client, accepted: str, english: bool) -> None:
    client.http.headers["Accept-Language"] = accepted
    (error,) = (await client.post(CONTRACT, id=ACTIVE_CONTRACT)).json()["errors"]
    assert error["message"].isascii() is english
