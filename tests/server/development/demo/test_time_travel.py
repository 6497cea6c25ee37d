"""Time travel over the API: the clock moves forward only, keeps ticking, and ends no session."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
from tests.server.running import ACTIVE_CONTRACT, RESET, Client, Running

CLOCK = "query { testClock { now offsetSeconds } }"
TERMINATE = """
mutation ($id: ID!) { terminateContract(input: { contractId: $id }) {
  __typename ... on ContractTerminated { contract { version } } } }
"""
VIEWER = "query { viewer { contract { id status } } }"
EVENTS = "query ($id: ID!) { contract(id: $id) { status events { nodes { type at } } } }"


async def now(client: Client) -> datetime:
    return datetime.fromisoformat((await client.ask(CLOCK))["testClock"]["now"])


async def test_the_clock_shows_the_instant_or_later_and_goes_on_ticking(client: Client) -> None:
    for way, step in (({"days": 1}, timedelta(days=1)), ({"hours": 7}, timedelta(hours=7))):
        before = await now(client)
        shown = datetime.fromisoformat((await client.advance(**way))["testClock"]["now"])
        assert shown >= before + step
        assert await now(client) > shown
    to = "2051-02-03T04:05:06.789012+09:00"
    shown = datetime.fromisoformat((await client.advance(to=to))["testClock"]["now"])
    assert shown >= datetime.fromisoformat(to)


async def test_the_offset_is_rounded_down_to_whole_seconds(service: Running, client: Client) -> None:
    assert (await client.ask(CLOCK))["testClock"]["offsetSeconds"] == 0
    connection = await asyncpg.connect(service.database_url)
    try:
        for microseconds, seconds in ((1, 0), (999_999, 0), (1_000_000, 1), (86_400_999_999, 86_400)):
            await connection.execute(
                "INSERT INTO test_clock (id, moved_by) VALUES (1, $1)"
                " ON CONFLICT (id) DO UPDATE SET moved_by = excluded.moved_by",
                microseconds,
            )
            assert (await client.ask(CLOCK))["testClock"]["offsetSeconds"] == seconds
    finally:
        await connection.close()


async def test_a_log_in_survives_moving_the_clock_and_starting_anew(client: Client) -> None:
    await client.log_in("active@example.jp")
    await client.advance(days=365)
    assert (await client.ask(VIEWER))["viewer"]["contract"]["id"] == ACTIVE_CONTRACT
    await client.ask(RESET)
    assert (await client.ask(VIEWER))["viewer"]["contract"]["id"] == ACTIVE_CONTRACT


async def test_starting_anew_brings_back_the_same_contracts_and_an_empty_mail_folder(
    service: Running, client: Client
) -> None:
    await client.log_in("operator@example.jp")
    query = "query { contracts { nodes { id status startedOn memberCount company { name } contractor { email } } } }"
    before = await client.ask(query)
    async with service.client() as contractor:
        await contractor.log_in("active@example.jp")
        await contractor.ask(TERMINATE, id=ACTIVE_CONTRACT)
    await service.mails(1)
    await client.advance(days=46)
    assert await client.ask(query) != before

    clock = (await client.ask(RESET))["resetDemo"]["testClock"]
    assert clock["offsetSeconds"] == 0
    assert await client.ask(query) == before
    assert list(service.mail_dir.iterdir()) == []


async def test_everything_on_the_way_happens_at_its_own_instant(client: Client) -> None:
    await client.log_in("active@example.jp")
    await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
    await client.advance(days=60)
    await client.log_in("operator@example.jp")
    contract = (await client.ask(EVENTS, id=ACTIVE_CONTRACT))["contract"]
    assert contract["status"] == "ERASED"
    _, requested, ended, announced, erased = (
        datetime.fromisoformat(event["at"]) for event in contract["events"]["nodes"]
    )
    midnight = requested.replace(hour=0, minute=0, second=0, microsecond=0)
    assert ended == midnight + timedelta(days=15)
    assert announced == midnight + timedelta(days=39)
    assert timedelta() <= erased - (midnight + timedelta(days=46)) < timedelta(minutes=1)


async def test_two_who_move_the_clock_at_once_both_arrive(service: Running, client: Client) -> None:
    await client.log_in("active@example.jp")
    await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
    start = await now(client)
    targets = [start + timedelta(days=days) for days in (20, 50)]
    async with service.client() as other:
        answers = await asyncio.gather(
            client.advance(to=targets[0].isoformat()), other.advance(to=targets[1].isoformat())
        )
    for answer, target in zip(answers, targets, strict=True):
        assert answer["__typename"] == "TestClockAdvanced"
        assert datetime.fromisoformat(answer["testClock"]["now"]) >= target
    await client.log_in("operator@example.jp")
    contract = (await client.ask(EVENTS, id=ACTIVE_CONTRACT))["contract"]
    assert [event["type"] for event in contract["events"]["nodes"]] == [
        "STARTED",
        "TERMINATION_REQUESTED",
        "SERVICE_ENDED",
        "ERASURE_DUE",
        "ERASED",
    ]


async def test_the_clock_refuses_to_go_back_and_everything_absurd(client: Client) -> None:
    past = (await now(client) - timedelta(seconds=1)).isoformat()
    for way in (
        {},
        {"days": 1, "hours": 1},
        {"days": 1, "hours": None, "to": past},
        {"days": 0},
        {"days": -1},
        {"hours": -1},
        {"to": past},
        {"days": 2**31 - 1},
        {"hours": -(2**31)},
        {"hours": 2**31 - 1},
        {"to": "9999-12-31T23:59:59.999999Z"},
        {"to": "9999-12-31T23:59:59-23:59"},
        {"to": "0001-01-01T00:00:00+09:00"},
        {"days": 36_600},
    ):
        answer = await client.advance(**way)
        assert answer["__typename"] == "InvalidInput", way
        assert answer["path"][0] == "input"
    assert (await client.ask(CLOCK))["testClock"]["offsetSeconds"] == 0


async def test_the_clock_can_always_be_read_however_far_it_was_moved(client: Client) -> None:
    for _ in range(4):
        await client.advance(days=20_000)
        assert (await client.ask(CLOCK))["testClock"]["offsetSeconds"] > 0
