"""Clients who terminate, resume and look, at a steady rate, and ask again with the same key until they are answered."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import uuid4

import httpx
from tests.faults.soak_people import Person

TERMINATE = """
mutation ($id: ID!, $key: String!) {
  answer: terminateContract(input: { contractId: $id, idempotencyKey: $key }) {
    __typename
    ... on ContractTerminated { contract { version } }
    ... on Problem { code }
  }
}
"""
RESUME = """
mutation ($id: ID!, $key: String!) {
  answer: resumeContract(input: { contractId: $id, idempotencyKey: $key }) {
    __typename
    ... on ContractResumed { contract { version } }
    ... on Problem { code }
  }
}
"""
LOOK = "query ($id: ID!) { answer: contract(id: $id) { __typename status memberCount company { name } } }"

CHANGES = {"ContractTerminated": "TERMINATION_REQUESTED", "ContractResumed": "RESUMED"}
"""What was answered, and the event that must then be in the contract's history."""
PAUSE_S = 0.3
PATIENCE_S = 30.0
HASTY = 0.05
"""How many of the clients hang up before they are answered."""


class Load:
    """Requests, and what was acknowledged."""

    def __init__(self, base_url: str, people: Sequence[Person], dice: Random) -> None:
        self._people = people
        self._dice = dice
        self._http = httpx.AsyncClient(
            base_url=base_url,
            timeout=PATIENCE_S,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
        )
        self._under_way: set[asyncio.Task[None]] = set()
        self.acknowledged: defaultdict[str, dict[int, str]] = defaultdict(dict)
        """By contract and version: the event."""
        self.answered = 0
        self.unavailable = 0
        self.unexpected: list[str] = []

    async def go_on(self, seconds: float, per_second: float) -> None:
        """Send that many requests a second, whether or not those before them have been answered."""
        clock = asyncio.get_running_loop().time
        began = clock()
        for number in range(int(seconds * per_second)):
            await asyncio.sleep(began + number / per_second - clock())
            task = asyncio.create_task(self._ask())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def until_all_are_answered(self) -> None:
        """All is well again: whoever has no answer yet gets one."""
        async with asyncio.timeout(2 * PATIENCE_S):
            await asyncio.gather(*self._under_way)
        await self._http.aclose()

    async def all_at_once(self, number: int) -> None:
        """More clients than the server has connections to its database."""
        await asyncio.gather(*(self._ask(LOOK) for _ in range(number)))

    async def _ask(self, query: str | None = None) -> None:
        person = self._dice.choice(self._people)
        query = query or self._dice.choice((TERMINATE, RESUME, LOOK, LOOK))
        variables = {"id": person.contract_id, "key": str(uuid4())}
        patience_s = self._dice.uniform(0.001, 0.05) if self._dice.random() < HASTY else PATIENCE_S
        while (answer := await self._try(person, query, variables, patience_s)) is None:
            patience_s = PATIENCE_S
            await asyncio.sleep(PAUSE_S)
        self.answered += 1
        if event := CHANGES.get(answer["__typename"]):
            self.acknowledged[person.contract_id][answer["contract"]["version"]] = event

    async def _try(
        self, person: Person, query: str, variables: dict[str, str], patience_s: float
    ) -> dict[str, Any] | None:
        """The answer; None where there is none, and the client does not know what has become of the request."""
        try:
            response = await self._http.post(
                "/graphql",
                json={"query": query, "variables": variables if "$key" in query else {"id": variables["id"]}},
                headers={"Authorization": f"Bearer {person.token}"},
                timeout=patience_s,
            )
        except httpx.TransportError:
            return None
        if response.status_code in (429, 503):
            self.unavailable += 1
            return None
        content = response.json()
        if response.status_code != 200 or "errors" in content:
            self.unexpected.append(f"{response.status_code}: {content.get('errors')}")
        answer: dict[str, Any] = content["data"]["answer"]
        return answer
