"""The manual, lived through over HTTP, with a worker running and the clock moving."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from tests.server.running import ACTIVE_CONTRACT, Client, Running

JST = ZoneInfo("Asia/Tokyo")

TIMELINE = """
fragment Dates on Timeline {
  requestedOn
  serviceEnd { lastDay at passed daysLeft }
  resumption { lastDay at passed daysLeft }
  erasure { lastDay at passed daysLeft }
}
"""
CONTRACT = """
fragment Shown on Contract {
  id version status startedOn endedOn serviceAvailable availableActions memberCount
  company { name } contractor { email }
  termination { id requestedAt timeline { ...Dates } }
}
"""
VIEW = "query { viewer { contract { ...Shown } } }" + CONTRACT + TIMELINE
PREVIEW = "query { timeline { ...Dates } }" + TIMELINE
CLOCK = "query { testClock { now } }"
TERMINATE = (
    """
mutation ($id: ID!) {
  terminateContract(input: { contractId: $id, reason: TOO_EXPENSIVE }) {
    __typename
    ... on ContractTerminated { contract { ...Shown } }
    ... on ActionRefused { code message contract { ...Shown } }
  }
}
"""
    + CONTRACT
    + TIMELINE
)
RESUME = (
    """
mutation ($id: ID!) {
  resumeContract(input: { contractId: $id }) {
    __typename
    ... on ContractResumed { contract { ...Shown } }
    ... on ActionRefused { code message contract { ...Shown } }
  }
}
"""
    + CONTRACT
    + TIMELINE
)
PERSONAL = ("青木", "active@example.jp", "あおぞら製作所", "03-0000-0001", "active.example.jp")


async def terminate(client: Client) -> dict[str, Any]:
    result: dict[str, Any] = (await client.ask(TERMINATE, id=ACTIVE_CONTRACT))["terminateContract"]
    return result


async def resume(client: Client) -> dict[str, Any]:
    result: dict[str, Any] = (await client.ask(RESUME, id=ACTIVE_CONTRACT))["resumeContract"]
    return result


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=JST)


def in_japanese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（{'月火水木金土日'[day.weekday()]}）"


@pytest.mark.parametrize(
    "applied_at",
    ["09:30:00", "23:59:58", "00:00:00", "08:59:30"],
    ids=["in the morning", "just before midnight", "at midnight", "while the UTC date is the day before"],
)
async def test_the_manual_from_application_to_erasure(service: Running, client: Client, applied_at: str) -> None:
    now = datetime.fromisoformat((await client.ask(CLOCK))["testClock"]["now"])
    applied_on = now.astimezone(JST).date() + timedelta(days=1)
    await client.advance(to=f"{applied_on}T{applied_at}+09:00")

    logged_in = await client.log_in("active@example.jp")
    assert logged_in["viewer"] == {"role": "CONTRACTOR", "contract": {"id": ACTIVE_CONTRACT}}
    before = (await client.ask(VIEW))["viewer"]["contract"]
    assert before["status"] == "ACTIVE"
    assert before["availableActions"] == ["TERMINATE"]
    assert before["endedOn"] is None
    assert before["memberCount"] == 30

    last_day, last_kept_day = applied_on + timedelta(days=14), applied_on + timedelta(days=45)
    preview = (await client.ask(PREVIEW))["timeline"]
    assert preview["resumption"]["lastDay"] == str(last_day)
    assert preview["erasure"]["lastDay"] == str(last_kept_day)

    terminated = await terminate(client)
    assert terminated["__typename"] == "ContractTerminated"
    first = terminated["contract"]
    assert first["status"] == "TERMINATED"
    assert first["endedOn"] == str(last_day)
    assert first["serviceAvailable"] is True
    assert first["availableActions"] == ["RESUME"]
    assert first["termination"]["timeline"] == preview
    assert first["termination"]["timeline"]["serviceEnd"] == {
        "lastDay": str(last_day),
        "at": (midnight(last_day) + timedelta(days=1)).isoformat(),
        "passed": False,
        "daysLeft": 14,
    }

    (accepted,) = await service.mails(1)
    assert accepted["Subject"] == "【おまかせログイン】サービス利用停止受理通知"
    assert "サービス利用停止受理から14日の間は" in accepted.get_content()

    again = await terminate(client)
    assert again["__typename"] == "ActionRefused"
    assert again["code"] == "ALREADY_TERMINATED"
    assert again["contract"] == first

    end_of_service = midnight(last_day) + timedelta(days=1)
    await client.advance(to=(end_of_service - timedelta(seconds=10)).isoformat())
    resumed = await resume(client)
    assert resumed["__typename"] == "ContractResumed"
    assert resumed["contract"] == before | {"version": first["version"] + 1}
    mails = await service.mails(2)
    assert mails[1]["Subject"] == "【おまかせログイン】サービス利用再開受理通知"

    second = (await terminate(client))["contract"]
    assert second["termination"]["id"] != first["termination"]["id"]
    assert second["termination"]["timeline"]["requestedOn"] == str(last_day)
    last_day, last_kept_day = last_day + timedelta(days=14), last_day + timedelta(days=45)
    assert second["endedOn"] == str(last_day)

    end_of_service = midnight(last_day) + timedelta(days=1)
    await client.advance(to=end_of_service.isoformat())
    refused = await resume(client)
    assert refused["code"] == "RESUME_WINDOW_CLOSED"
    assert in_japanese(last_day) in refused["message"]
    assert refused["contract"]["serviceAvailable"] is False
    assert refused["contract"]["availableActions"] == []

    erasure_due = midnight(last_kept_day) + timedelta(days=1)
    await client.advance(to=(erasure_due - timedelta(seconds=10)).isoformat())
    kept = (await client.ask(VIEW))["viewer"]["contract"]
    assert kept["company"] == before["company"]
    assert kept["memberCount"] == 30

    await client.advance(to=erasure_due.isoformat())
    assert (await client.ask(VIEW))["viewer"] is None
    assert (await client.log_in("active@example.jp"))["code"] == "INVALID_CREDENTIALS"
    unknown = await client.log_in("nobody@example.jp")
    assert await client.log_in("active@example.jp") == unknown
    assert await personal_data_left(service) == []


async def test_the_operator_sees_what_is_left_of_an_erased_contract(client: Client) -> None:
    await client.log_in("active@example.jp")
    await terminate(client)
    await client.advance(days=46)
    await client.log_in("operator@example.jp")
    query = """query ($id: ID!) { contract(id: $id) {
        status company { name } contractor { email } memberCount events { nodes { type actor terminationId } }
        termination { id } } }"""
    contract = (await client.ask(query, id=ACTIVE_CONTRACT))["contract"]
    assert contract["status"] == "ERASED"
    assert (contract["company"], contract["contractor"], contract["memberCount"]) == (None, None, 0)
    application = contract["termination"]["id"]
    assert contract["events"]["nodes"] == [
        {"type": "STARTED", "actor": "CONTRACTOR", "terminationId": None},
        {"type": "TERMINATION_REQUESTED", "actor": "CONTRACTOR", "terminationId": application},
        {"type": "SERVICE_ENDED", "actor": "SYSTEM", "terminationId": application},
        {"type": "ERASURE_DUE", "actor": "SYSTEM", "terminationId": application},
        {"type": "ERASED", "actor": "SYSTEM", "terminationId": application},
    ]


async def personal_data_left(service: Running) -> list[str]:
    """The tables in which something personal of the erased contract can still be read, found by reading all of them."""
    connection = await asyncpg.connect(service.database_url)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = []
        for (table,) in tables:
            rows = await connection.fetch(f"SELECT t::text AS row FROM {table} AS t")  # noqa: S608 - from the catalogue
            found += [table for row in rows for canary in PERSONAL if canary in row["row"]]
        return found
    finally:
        await connection.close()
