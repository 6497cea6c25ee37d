"""What a person cannot see does not make their request stale; what they can see is what the schema lets them ask."""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLNamedType, GraphQLObjectType, get_named_type, is_required_argument
from tests.conftest import seeded_database
from tests.server.integration.registering import CONTRACTOR, log_in_service, put
from tests.server.running import GRACE_CONTRACT, RESET, RESUME, TERMINATE, Client, Running, command, running

from contract_rules import Actor, EventType
from contract_server.contracts.changes import SEEN_BY
from contract_server.contracts.due import NOTICE
from contract_server.contracts.queries import FOR_OPERATORS_ALONE
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core

REN = {"name": "佐藤 蓮", "email": "ren@example.jp"}
NOT_OF_THE_PICTURE = {"version", "events", "mails"}
"""What counts the changes, tells of all of them, or changes with each delivery."""

CHANGED = "{ __typename ... on Problem { code } }"
RESUME_AS_SEEN = f"mutation ($input: ResumeContractInput!) {{ resumeContract(input: $input) {CHANGED} }}"
HOLD = 'mutation ($id: ID!) { holdErasure(input: { contractId: $id, reason: "case 1" }) { __typename } }'
RELEASE = "mutation ($id: ID!) { releaseErasureHold(input: { contractId: $id }) { __typename } }"
HISTORY = """
query ($id: ID!) { contract(id: $id) { events { nodes { id type } } lastEvent: events(last: 1) { nodes { id type } } } }
"""
NODE = "query ($id: ID!) { node(id: $id) { ... on ContractEvent { type } } }"
SEEN = """
query ($id: ID!) { contract(id: $id) { version termination { timeline { resumption { at } erasure { at } } } } }
"""


def selection(kind: GraphQLNamedType, without: set[str]) -> str:
    """Every field of a type that can be asked without arguments, and of the types of these."""
    if not isinstance(kind, GraphQLObjectType):
        return ""
    fields = (
        f"{name} {selection(get_named_type(field.type), set())}"
        for name, field in kind.fields.items()
        if name not in without and not any(is_required_argument(each) for each in field.args.values())
    )
    return f"{{ {' '.join(fields)} }}"


CONTRACT = core(build_schema(development=True)).type_map["Contract"]
PICTURE = f"query ($id: ID!) {{ contract(id: $id) {selection(CONTRACT, NOT_OF_THE_PICTURE)} }}"


@dataclass(frozen=True)
class Place:
    """A server whose clock is moved and whose sweeps are run by a test, a contractor and an operator."""

    service: Running
    contractor: Client
    operator: Client

    async def move_to(self, instant: datetime) -> None:
        """Set the clock, with nothing done that falls due on the way."""
        connection = await asyncpg.connect(self.service.database_url)
        try:
            await connection.execute(
                "INSERT INTO test_clock (id, moved_by)"
                " VALUES (1, extract(epoch FROM $1::timestamptz - clock_timestamp()) * 1000000)"
                " ON CONFLICT (id) DO UPDATE SET moved_by = excluded.moved_by",
                instant,
            )
        finally:
            await connection.close()

    async def sweep(self) -> None:
        status, _, errors = await command(self.service.variables, "sweep")
        assert status == 0, errors

    async def deadline(self, kind: str) -> datetime:
        contract = (await self.contractor.ask(SEEN, id=GRACE_CONTRACT))["contract"]
        return datetime.fromisoformat(contract["termination"]["timeline"][kind]["at"])

    async def version(self) -> int:
        version: int = (await self.contractor.ask(SEEN, id=GRACE_CONTRACT))["contract"]["version"]
        return version

    async def pictures(self) -> dict[Actor, Any]:
        """All that each of them is shown of the contract."""
        people = {Actor.CONTRACTOR: self.contractor, Actor.OPERATOR: self.operator}
        return {actor: (await each.post(PICTURE, id=GRACE_CONTRACT)).json() for actor, each in people.items()}

    async def resume(self, version: int, **more: object) -> dict[str, Any]:
        """What the contractor is told who resumes what they saw at that version."""
        given = {"contractId": GRACE_CONTRACT, "expectedVersion": version, **more}
        told: dict[str, Any] = (await self.contractor.ask(RESUME_AS_SEEN, input=given))["resumeContract"]
        return told


@pytest.fixture(scope="module")
async def without_worker(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("without-worker")
    async with running(await seeded_database(postgres), redis.url, folder, worker=False) as found:
        yield found


@pytest.fixture
async def place(without_worker: Running) -> AsyncIterator[Place]:
    """Noon of the last day on which the contract can be resumed."""
    async with without_worker.client() as contractor, without_worker.client() as operator:
        await contractor.ask(RESET)
        await contractor.log_in("grace@example.jp")
        await operator.log_in("operator@example.jp")
        found = Place(without_worker, contractor, operator)
        await found.move_to(await found.deadline("resumption") - timedelta(hours=12))
        yield found


async def register(service: Running, members: list[dict[str, Any]]) -> None:
    """Put another registration of the contract, which adds or removes members alone the second time."""
    async with service.client() as gateway:
        await log_in_service(gateway, service)
        contractor = CONTRACTOR | {"email": "grace@example.jp"}
        answer = await put(gateway, members, contractId=GRACE_CONTRACT, contractor=contractor)
        assert answer["__typename"] == "RegistrationPut"


async def test_a_change_is_seen_by_those_to_whom_a_field_of_the_contract_answers_otherwise_after_it(
    place: Place,
) -> None:
    seen: dict[EventType, set[Actor]] = {}

    async def compare(event: EventType, change: Awaitable[object]) -> None:
        before = await place.pictures()
        assert all("errors" not in picture for picture in before.values())
        await change
        after = await place.pictures()
        seen[event] = {actor for actor, picture in before.items() if picture != after[actor]}

    await compare(EventType.REGISTRATION_CHANGED, register(place.service, [REN]))
    await compare(EventType.MEMBERS_REMOVED, register(place.service, []))
    await compare(EventType.ERASURE_HELD, place.operator.ask(HOLD, id=GRACE_CONTRACT))
    await compare(EventType.ERASURE_HOLD_RELEASED, place.operator.ask(RELEASE, id=GRACE_CONTRACT))
    await compare(EventType.RESUMED, place.contractor.ask(RESUME, id=GRACE_CONTRACT))
    await compare(EventType.TERMINATION_REQUESTED, place.contractor.ask(TERMINATE, id=GRACE_CONTRACT))
    erasure_due_at = await place.deadline("erasure")
    await place.move_to(await place.deadline("resumption"))
    await compare(EventType.SERVICE_ENDED, place.sweep())
    await place.move_to(erasure_due_at - NOTICE)
    await compare(EventType.ERASURE_DUE, place.sweep())
    await place.move_to(erasure_due_at)
    await compare(EventType.ERASED, place.sweep())
    people = {Actor.CONTRACTOR, Actor.OPERATOR}
    assert seen | {EventType.STARTED: people} == {event: actors & people for event, actors in SEEN_BY.items()}
    assert set(SEEN_BY) == set(EventType)


async def test_an_operator_reads_in_the_history_what_a_contractor_does_not(place: Place) -> None:
    await place.operator.ask(HOLD, id=GRACE_CONTRACT)
    await place.operator.ask(RELEASE, id=GRACE_CONTRACT)
    read = {
        each: (await each.ask(HISTORY, id=GRACE_CONTRACT))["contract"] for each in (place.operator, place.contractor)
    }
    hidden = [event for event in read[place.operator]["events"]["nodes"] if event["type"] in FOR_OPERATORS_ALONE]
    assert [event["type"] for event in hidden] == ["ERASURE_HELD", "ERASURE_HOLD_RELEASED"]
    shown = [event for event in read[place.operator]["events"]["nodes"] if event not in hidden]
    assert read[place.contractor] == {"events": {"nodes": shown}, "lastEvent": {"nodes": shown[-1:]}}
    for event in hidden:
        assert (await place.operator.ask(NODE, id=event["id"]))["node"] == {"type": event["type"]}
        assert (await place.contractor.ask(NODE, id=event["id"]))["node"] is None


async def test_a_hold_that_was_placed_and_released_does_not_make_resuming_stale(place: Place) -> None:
    seen = await place.version()
    await place.operator.ask(HOLD, id=GRACE_CONTRACT)
    await place.operator.ask(RELEASE, id=GRACE_CONTRACT)
    assert await place.resume(seen) == {"__typename": "ContractResumed"}


async def test_resuming_too_late_is_refused_with_the_reason_and_so_it_is_with_the_same_key(place: Place) -> None:
    seen = await place.version()
    await place.operator.ask(HOLD, id=GRACE_CONTRACT)
    await place.move_to(await place.deadline("resumption"))
    await place.sweep()
    assert await place.version() == seen + 2
    for _ in range(2):
        told = await place.resume(seen, idempotencyKey="once")
        assert told == {"__typename": "ActionRefused", "code": "RESUME_WINDOW_CLOSED"}


async def test_what_was_resumed_and_terminated_again_is_stale_and_so_it_is_with_the_same_key(place: Place) -> None:
    seen = await place.version()
    await place.contractor.ask(RESUME, id=GRACE_CONTRACT)
    await place.contractor.ask(TERMINATE, id=GRACE_CONTRACT)
    for _ in range(2):
        told = await place.resume(seen, idempotencyKey="once")
        assert told == {"__typename": "StaleContract", "code": "STALE_CONTRACT"}
    assert await place.resume(seen + 2) == {"__typename": "ContractResumed"}
