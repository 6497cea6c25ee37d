"""The kinds of work that the servers are given, and what a right answer to each is."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any, ClassVar

import asyncpg
import httpx
from tests.bench.dataset import PASSWORD, SINCE_THEN, Person

from contract_rules import Timeline, shipped_policies

HOST = "keiyaku.example.jp"
"""As in `PUBLIC_URL`, and in `replay.lua`."""

_DOCUMENTS = {
    file.stem: json.dumps(" ".join(file.read_text().split()))
    for file in (Path(__file__).parent / "documents").glob("*.graphql")
}
_OPERATIONS = {"home": "Home", "terminate": "Terminate", "resume": "Resume", "log-in": "LogIn"}
_ZONE = next(iter(shipped_policies())).zone


class WrongAnswer(Exception):
    """A server has answered something else than the truth: its speed is of no interest."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: the session's token, if it has one, and the body."""

    token: str | None
    body: str

    @classmethod
    def of(cls, document: str, token: str | None, **variables: object) -> "Request":
        """The request for one of the documents, whose JSON is written once and not a million times."""
        return cls(
            token,
            f'{{"operationName":"{_OPERATIONS[document]}","query":{_DOCUMENTS[document]},'
            f'"variables":{json.dumps(variables)}}}',
        )

    @property
    def line(self) -> str:
        """The request as `replay.lua` reads it."""
        return f"{self.token or '-'}\t{self.body}\n"

    async def ask(self, client: httpx.AsyncClient) -> Any:  # noqa: ANN401 - whatever was asked for
        """The data of the answer."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {
            "Host": HOST,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Language": "ja",
        }
        response = await client.post("/graphql", content=self.body, headers=headers)
        if response.status_code != 200 or "errors" in response.json():
            raise WrongAnswer(f"{response.status_code}: {response.text}")
        return response.json()["data"]


class Work(ABC):
    """Something that is asked for again and again."""

    name: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, people: list[Person], filled_at: datetime) -> None:
        self._people = people
        self._filled_at = filled_at

    @abstractmethod
    def requests(self, connections: int) -> Iterator[Request]:
        """The requests of one run, without end."""

    @abstractmethod
    async def try_out(self, client: httpx.AsyncClient) -> None:
        """Compare a sample of answers with the truth.

        Raises:
            WrongAnswer: One is not the truth.
        """

    async def prepare(self, connection: asyncpg.Connection) -> None:
        """Put the database as it was, so that every run begins alike."""
        # noting when a session was last used, once a minute at most, is left out of the measure
        await connection.execute("UPDATE session SET last_used_at = clock_timestamp()")
        await connection.execute("VACUUM session")
        await connection.execute("CHECKPOINT")

    async def check(self, connection: asyncpg.Connection, answered: int, connections: int) -> None:  # noqa: B027 - for those that write
        """Compare what a run has left in the database with what was answered.

        Raises:
            WrongAnswer: They differ.
        """


class Home(Work):
    """What a contractor sees after logging in."""

    name = "home"
    title = "home query"

    def requests(self, connections: int) -> Iterator[Request]:  # noqa: ARG002 - the same for any number
        """Everybody in turn."""
        return (Request.of("home", person.token) for person in cycle(self._people))

    async def try_out(self, client: httpx.AsyncClient) -> None:
        """Forty of them, among them four whose contract is terminated."""
        timeline = _timeline(self._filled_at)
        for person in self._people[:40]:
            _compare(await Request.of("home", person.token).ask(client), _home(person, timeline, self._filled_at))


class Pair(Work):
    """契約終了 and 契約再開 of the same contract, each with its lock, rules, event, mail and idempotency key."""

    name = "pair"
    title = "terminateContract / resumeContract"

    def __init__(self, people: list[Person], filled_at: datetime) -> None:
        super().__init__([person for person in people if not person.terminated], filled_at)

    def requests(self, connections: int) -> Iterator[Request]:
        """Some terminate, then the same resume: so far apart that the first has been answered by then."""
        apart, turn, number = 4 * connections, cycle(self._people), 0
        while True:
            block = [next(turn) for _ in range(apart)]
            for document in ("terminate", "resume"):
                for person in block:
                    number += 1
                    yield Request.of(document, person.token, id=str(person.contract_id), key=f"key-{number}")

    async def try_out(self, client: httpx.AsyncClient) -> None:
        """One of them, there and back."""
        person, timeline = self._people[0], _timeline(datetime.now(_ZONE))  # noqa: TID251 - the servers' now
        for document, expected in (("terminate", _terminated(timeline)), ("resume", _resumed())):
            request = Request.of(document, person.token, id=str(person.contract_id), key=f"try-{document}")
            _compare(await request.ask(client), expected)

    async def prepare(self, connection: asyncpg.Connection) -> None:
        """Take back all that a run has written."""
        for table, written_since in SINCE_THEN.items():
            await connection.execute(f"DELETE FROM {table} WHERE {written_since}")  # noqa: S608 - our own names
        await connection.execute("DELETE FROM termination_application WHERE requested_at > $1", self._filled_at)
        await connection.execute(
            "UPDATE contract SET version = 1, status = 'ACTIVE', applications = 0, service_end_due_at = NULL,"
            " erasure_due_at = NULL WHERE version > 1 AND NOT EXISTS"
            " (SELECT FROM termination_application WHERE contract_id = contract.id)"
        )
        for table in ("contract", "termination_application", *SINCE_THEN):
            await connection.execute(f"VACUUM (ANALYZE) {table}")
        await super().prepare(connection)

    async def check(self, connection: asyncpg.Connection, answered: int, connections: int) -> None:
        """One event, one mail and one kept answer for each request; those of the last moment were not heard."""
        for table, written_since in SINCE_THEN.items():
            written = await connection.fetchval(f"SELECT count(*) FROM {table} WHERE {written_since}")  # noqa: S608 - our own names
            if not answered <= written <= answered + connections:
                raise WrongAnswer(f"{answered} answers, and {written} rows in {table}")


class LogIn(Work):
    """A right password: argon2id, and little else."""

    name = "log-in"
    title = "logIn"

    def requests(self, connections: int) -> Iterator[Request]:  # noqa: ARG002 - the same for any number
        """Everybody in turn."""
        return (Request.of("log-in", None, email=each.email, password=PASSWORD) for each in cycle(self._people))

    async def try_out(self, client: httpx.AsyncClient) -> None:
        """One of them."""
        person = self._people[0]
        answer = await Request.of("log-in", None, email=person.email, password=PASSWORD).ask(client)
        expected = {"name": f"契約 太郎{person.number}", "contract": {"id": str(person.contract_id)}}
        _compare(answer["logIn"].get("viewer"), expected)


def write_requests(work: Work, connections: int, count: int, file: Path) -> None:
    """The first of a work's requests, for `replay.lua`."""
    with file.open("w") as output:
        output.writelines(request.line for _, request in zip(range(count), work.requests(connections), strict=False))


def _timeline(now: datetime) -> Timeline:
    return shipped_policies().in_force(now.astimezone(_ZONE).date()).timeline(now)


def _dates(timeline: Timeline) -> dict[str, Any]:
    names = {"serviceEnd": timeline.service_end, "resumption": timeline.resumption, "erasure": timeline.erasure}
    return {
        name: {"lastDay": deadline.last_day.isoformat(), "at": deadline.at.astimezone(_ZONE).isoformat()}
        for name, deadline in names.items()
    }


def _home(person: Person, timeline: Timeline, requested_at: datetime) -> Any:  # noqa: ANN401 - an answer
    contract: dict[str, Any] = {
        "id": str(person.contract_id),
        "version": 2 if person.terminated else 1,
        "company": {
            "name": f"株式会社おまかせ{person.number}",
            "address": f"東京都千代田区千代田1-{person.number}",
            "postalCode": "100-0001",
            "phoneNumber": f"03-0000-{person.number:04}",
        },
        "contractor": {"name": f"契約 太郎{person.number}", "email": person.email},
        "status": "TERMINATED" if person.terminated else "ACTIVE",
        "startedOn": "2023-04-01",
        "endedOn": timeline.service_end.last_day.isoformat() if person.terminated else None,
        "serviceAvailable": True,
        "termination": None,
    }
    if person.terminated:
        contract["termination"] = {
            "requestedAt": requested_at.astimezone(_ZONE).isoformat(),
            "timeline": _dates(timeline),
        }
    return {"viewer": {"name": f"契約 太郎{person.number}", "contract": contract}}


def _terminated(timeline: Timeline) -> Any:  # noqa: ANN401 - an answer
    return {
        "terminateContract": {
            "__typename": "ContractTerminated",
            "contract": {
                "version": 2,
                "status": "TERMINATED",
                "endedOn": timeline.service_end.last_day.isoformat(),
                "serviceAvailable": True,
                "termination": {"timeline": _dates(timeline)},
            },
        }
    }


def _resumed() -> Any:  # noqa: ANN401 - an answer
    contract = {"version": 3, "status": "ACTIVE", "endedOn": None, "serviceAvailable": True}
    return {"resumeContract": {"__typename": "ContractResumed", "contract": contract}}


def _compare(answer: object, expected: object) -> None:
    if answer != expected:
        raise WrongAnswer(f"{answer}\nis not\n{expected}")
