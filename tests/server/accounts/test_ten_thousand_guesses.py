"""Ten thousand guesses at a running server, in every way that might hide their number.

The first guesses are wrong and use up the limit. All others are right: if the server compared a single one of them with
the account's password, it would open a session.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from tests.server.running import PASSWORD, Client, Running

from contract_server.graphql.execution.query_cost import ALIASES

EMAIL = "active@example.jp"
LIMIT = 10
WRONG, ONE_BY_ONE = 60, 140
BY_ALIASES = 260 * ALIASES
BY_BATCHES = 59 * 100
GUESSES = WRONG + ONE_BY_ONE + BY_ALIASES + BY_BATCHES

GUESS = "logIn(input: { email: $email, password: $password }) { __typename ... on Problem { code } }"
DOCUMENT = "mutation ($email: String!, $password: String!) { %s }"


@pytest.fixture
async def counts(service: Running) -> AsyncIterator[asyncpg.Connection]:
    """The database of a server without counts and sessions, which are deleted again afterwards."""
    connection = await asyncpg.connect(service.database_url)
    await connection.execute("TRUNCATE attempt_count, session")
    yield connection
    await connection.execute("TRUNCATE attempt_count")
    await connection.close()


def guess(password: str, selection: str = GUESS) -> dict[str, object]:
    return {"query": DOCUMENT % selection, "variables": {"email": EMAIL, "password": password}}


async def send(client: Client, body: object, times: int) -> Counter[str]:
    """Send requests in parallel, each with another forged address, and count the answers."""

    async def answer(number: int) -> str:
        forged = f"198.51.{number // 250}.{number % 250}"
        headers = {"X-Forwarded-For": f"{forged}, {forged}", "Forwarded": f"for={forged}", "X-Real-IP": forged}
        while (answer := answer_of(await client.http.post("/graphql", json=body, headers=headers))) == "BUSY":
            pass
        return answer

    async with asyncio.TaskGroup() as group:
        answers = [group.create_task(answer(number)) for number in range(times)]
    return Counter(each.result() for each in answers)


def answer_of(response: httpx.Response) -> str:
    """The answer to a guess in one word, or the reason why the request was refused."""
    answer = response.json()
    if "data" not in answer:
        return f"{response.status_code} {answer['errors'][0]['extensions']['code']}"
    (result,) = answer["data"].values()
    return str(result.get("code", result["__typename"]))


async def test_ten_thousand_guesses_compare_no_more_passwords_than_the_limit_says(
    client: Client, counts: asyncpg.Connection
) -> None:
    assert GUESSES >= 10_000
    assert await send(client, guess("wrong"), WRONG) == {
        "INVALID_CREDENTIALS": LIMIT,
        "TOO_MANY_ATTEMPTS": WRONG - LIMIT,
    }

    right = guess(PASSWORD)
    aliased = guess(PASSWORD, " ".join(f"a{number}: {GUESS}" for number in range(ALIASES)))
    assert await send(client, right, ONE_BY_ONE) == {"TOO_MANY_ATTEMPTS": ONE_BY_ONE}
    assert await send(client, aliased, BY_ALIASES // ALIASES) == {"200 BAD_USER_INPUT": BY_ALIASES // ALIASES}
    assert await send(client, [right] * 100, BY_BATCHES // 100) == {"400 BAD_USER_INPUT": BY_BATCHES // 100}

    assert await counts.fetchval("SELECT count(*) FROM session") == 0
    assert await counts.fetchval("SELECT max(tries) FROM attempt_count") == LIMIT
