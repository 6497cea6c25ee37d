"""Ten thousand guesses at a running server, in every way that might hide how many they are.

The first of them are wrong, and use up what the limit leaves. All others are right: if the server compared a single
one of them with the account's password, it would let it in.
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
    """The database of a server that has counted nothing and knows no session; it forgets what was counted here."""
    connection = await asyncpg.connect(service.database_url)
    await connection.execute("TRUNCATE attempt_count, session")
    yield connection
    await connection.execute("TRUNCATE attempt_count")
    await connection.close()


def guess(password: str, selection: str = GUESS) -> dict[str, object]:
    return {"query": DOCUMENT % selection, "variables": {"email": EMAIL, "password": password}}


async def sent(client: Client, body: object, times: int) -> Counter[str]:
    """How often each answer came to requests that are sent all at once, each as if forwarded for somebody else."""

    async def answer(number: int) -> str:
        forged = f"198.51.{number // 250}.{number % 250}"
        headers = {"X-Forwarded-For": f"{forged}, {forged}", "Forwarded": f"for={forged}", "X-Real-IP": forged}
        return told(await client.http.post("/graphql", json=body, headers=headers))

    return Counter(await asyncio.gather(*(answer(number) for number in range(times))))


def told(response: httpx.Response) -> str:
    """What came of a guess, in one word; of a request that was refused whole, why."""
    answer = response.json()
    if "data" not in answer:
        return f"{response.status_code} {answer['errors'][0]['extensions']['code']}"
    (result,) = answer["data"].values()
    return str(result.get("code", result["__typename"]))


async def test_ten_thousand_guesses_compare_no_more_passwords_than_the_limit_says(
    client: Client, counts: asyncpg.Connection
) -> None:
    assert GUESSES >= 10_000
    assert await sent(client, guess("wrong"), WRONG) == {
        "INVALID_CREDENTIALS": LIMIT,
        "TOO_MANY_ATTEMPTS": WRONG - LIMIT,
    }

    right = guess(PASSWORD)
    aliased = guess(PASSWORD, " ".join(f"a{number}: {GUESS}" for number in range(ALIASES)))
    assert await sent(client, right, ONE_BY_ONE) == {"TOO_MANY_ATTEMPTS": ONE_BY_ONE}
    assert await sent(client, aliased, BY_ALIASES // ALIASES) == {"200 BAD_USER_INPUT": BY_ALIASES // ALIASES}
    assert await sent(client, [right] * 100, BY_BATCHES // 100) == {"400 BAD_USER_INPUT": BY_BATCHES // 100}

    assert await counts.fetchval("SELECT count(*) FROM session") == 0
    assert await counts.fetchval("SELECT max(tries) FROM attempt_count") == LIMIT
