"""The documents belong to the contractor who is logged in, and to no other; an export is in the audit trail."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest
from icalendar import Calendar
from starlette.types import Message
from tests.server.running import ACTIVE_CONTRACT, Client, Running

from contract_server.documents.export_budget import EXPORTS
from contract_server.request_limits import InFlight
from contract_server.web.documents import Export

DATES = "/documents/dates.ics"
EXPORT = "/documents/registration.zip"
TERMINATION = """
{ viewer { contract { termination { id timeline {
  requestedOn serviceEnd { lastDay explanation } resumption { lastDay } erasure { lastDay }
} } } } }
"""
AUDITED = "SELECT action, interface, account_id IS NOT NULL AS signed FROM audit_entry WHERE contract_id = $1"


async def test_the_calendar_has_the_three_dates_as_whole_days(client: Client) -> None:
    await client.log_in("grace@example.jp")
    termination = (await client.ask(TERMINATION))["viewer"]["contract"]["termination"]
    response = await client.http.get(DATES)
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    events: Any = Calendar.from_ical(response.content).walk("VEVENT")
    timeline = termination["timeline"]
    assert [event["dtstart"].dt for event in events] == [
        date.fromisoformat(timeline[name]["lastDay"]) for name in ("serviceEnd", "resumption", "erasure")
    ]
    assert all(event["dtend"].dt - event["dtstart"].dt == timedelta(days=1) for event in events)
    assert events[0]["description"] == timeline["serviceEnd"]["explanation"]
    assert all(str(event["uid"]).startswith(termination["id"]) for event in events)
    assert (await client.http.get(DATES)).content == response.content


async def test_the_calendar_is_in_the_language_of_the_request(client: Client) -> None:
    await client.log_in("grace@example.jp")
    english = await client.http.get(DATES, headers={"Accept-Language": "en"})
    assert "last day of use" in english.text
    for named, word in (("en", "last day of use"), ("ja", "最終日"), ("xx", "最終日")):
        assert word in (await client.http.get(f"{DATES}?language={named}")).text


@pytest.mark.parametrize("email", [None, "active@example.jp", "operator@example.jp"])
async def test_who_has_no_application_is_led_to_a_page(client: Client, email: str | None) -> None:
    if email:
        await client.log_in(email)
    response = await client.http.get(DATES)
    assert (response.status_code, response.headers["Location"]) == (303, "/home")


async def test_the_export_is_of_the_contract_of_the_viewer_and_is_audited(service: Running, client: Client) -> None:
    await client.log_in("active@example.jp")
    response = await client.http.post(EXPORT)
    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Disposition"] == 'attachment; filename="omakase-login.zip"'
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        lines = [orjson.loads(line) for line in archive.read("registration.jsonl").splitlines()]
    assert {line["contract_id"] for line in lines} == {ACTIVE_CONTRACT}
    assert [line["record"] for line in lines] == ["contract", *["member"] * 30]
    connection = await asyncpg.connect(service.database_url)
    rows = [dict(row) for row in await connection.fetch(AUDITED, ACTIVE_CONTRACT)]
    await connection.close()
    assert {"action": "REGISTRATION_EXPORTED", "interface": "API", "signed": True} in rows


async def test_a_stranger_and_an_operator_get_no_export(client: Client) -> None:
    assert (await client.http.post(EXPORT)).status_code == 401
    await client.log_in("operator@example.jp")
    assert (await client.http.post(EXPORT)).status_code == 403


async def test_no_page_of_another_site_starts_an_export(client: Client) -> None:
    await client.log_in("active@example.jp")
    response = await client.http.post(EXPORT, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert (await client.http.get(EXPORT)).status_code == 405


async def test_a_contract_is_exported_ten_times_a_day_and_then_the_answer_says_when_again(
    service: Running, client: Client
) -> None:
    await client.log_in("active@example.jp")
    responses = await asyncio.gather(*(client.http.post(EXPORT) for _ in range(EXPORTS + 5)))
    assert sorted(response.status_code for response in responses) == [200] * EXPORTS + [429] * 5
    refused = await client.http.post(EXPORT, headers={"Accept-Language": "en"})
    (error,) = refused.json()["errors"]
    retry_at = datetime.fromisoformat(error["extensions"]["retryAt"])
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert timedelta(hours=23) < retry_at - datetime.now(UTC) <= timedelta(days=1)  # noqa: TID251 - limits count real time
    assert abs(int(refused.headers["Retry-After"]) - 86_400) < 3_600
    assert f"after {retry_at + timedelta(seconds=59):%H:%M}" in error["message"]
    connection = await asyncpg.connect(service.database_url)
    rows = await connection.fetch(AUDITED, ACTIVE_CONTRACT)
    await connection.close()
    assert [row["action"] for row in rows].count("REGISTRATION_EXPORTED") == EXPORTS

    await client.log_in("grace@example.jp")
    assert (await client.http.post(EXPORT)).status_code == 200


async def test_two_exports_of_a_contract_are_sent_at_once_and_the_third_waits() -> None:
    turns, begun, release = InFlight(), list[int](), asyncio.Event()

    async def send(number: int) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            begun.append(number)
            await release.wait()
            yield b""

        await Export(pieces(), turns.place("a contract"))({"type": "http"}, nothing, discard)

    tasks = [asyncio.create_task(send(number)) for number in range(3)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert begun == [0, 1]
    release.set()
    await asyncio.gather(*tasks)
    assert begun == [0, 1, 2]


async def nothing() -> Message:
    """Receive nothing."""
    return await asyncio.Future[Message]()


async def discard(_: Message) -> None:
    """Send nothing."""


async def test_an_export_is_possible_until_the_erasure(client: Client) -> None:
    await client.log_in("closed@example.jp")
    assert (await client.http.post(EXPORT)).status_code == 200
    await client.advance(days=26)
    assert (await client.http.post(EXPORT)).status_code == 401
