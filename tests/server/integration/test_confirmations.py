"""`confirmErasure`: another service says what became of its own copies of an erased contract."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.server.integration.confirming import confirm_erasure
from tests.server.integration.registering import log_in_service
from tests.server.running import ACTIVE_CONTRACT, CLOSED_CONTRACT, Client, Running, command

from contract_server.integration.models import Scope

STANDINGS = """
query ($id: ID!) {
  contract(id: $id) { erasureConfirmations { serviceName outcome reason until confirmedAt dueAt overdue } }
}
"""
HEALTH = "{ health { ok checks { name ok count detail } } }"
EVENTS = "query ($id: ID!) { contract(id: $id) { events(last: 3) { nodes { type } } } }"


@pytest.fixture
async def backups(client: Client, service: Running) -> Client:
    """The one service that confirms erasures."""
    connection = await asyncpg.connect(service.database_url)
    await connection.execute("UPDATE service_account SET revoked_at = now()")  # those of other tests
    await connection.close()
    await log_in_service(client, service, Scope.ERASURES, Scope.FEED)
    return client


@pytest.fixture
async def after_erasure(backups: Client) -> Client:
    await backups.advance(days=27)
    return backups


async def test_an_erasure_is_confirmed_with_the_hash_of_a_record_in_the_chain_of_evidence(
    after_erasure: Client, service: Running
) -> None:
    answer = await confirm_erasure(after_erasure)
    assert (answer["__typename"], answer["contractId"], answer["outcome"]) == (
        "ErasureConfirmed",
        CLOSED_CONTRACT,
        "DONE",
    )
    assert await confirm_erasure(after_erasure) == answer
    _, evidence, _ = await command(service.variables, "erasures", "evidence", CLOSED_CONTRACT, "--json")
    assert [answer["evidenceHash"] in line for line in evidence.splitlines()] == [False, True]
    status, told, _ = await command(service.variables, "erasures", "evidence", "--verify")
    assert (status, told) == (0, "The chain is whole: 2 records.\n")


async def test_the_evidence_in_words_lists_who_confirmed_what_and_when(after_erasure: Client, service: Running) -> None:
    await confirm_erasure(after_erasure, "RETAINED", reason="電子帳簿保存法", until="2099-03-31")
    await confirm_erasure(after_erasure, "NOTHING_HELD")
    connection = await asyncpg.connect(service.database_url)
    name = await connection.fetchval("SELECT name FROM service_account WHERE revoked_at IS NULL")
    await connection.close()
    _, evidence, _ = await command(service.variables, "erasures", "evidence", CLOSED_CONTRACT)
    words = " ".join(evidence.split())
    assert f"confirmed by {name}: RETAINED until 2099-03-31: 電子帳簿保存法" in words
    assert f"confirmed by {name}: NOTHING_HELD" in words


async def test_what_was_confirmed_is_shown_with_the_contract(after_erasure: Client, service: Running) -> None:
    await confirm_erasure(after_erasure, "NOTHING_HELD")
    _, shown, _ = await command(service.variables, "contracts", "show", CLOSED_CONTRACT, "--json")
    (confirmation,) = json.loads(shown)["confirmations"]
    assert (confirmation["outcome"], confirmation["reason"], confirmation["until"]) == ("NOTHING_HELD", None, None)


async def test_before_the_erasure_it_is_told_when_to_come_back(backups: Client) -> None:
    answer = await confirm_erasure(backups)
    assert (answer["__typename"], answer["code"], answer["onHold"]) == ("NotErasedYet", "NOT_ERASED_YET", False)
    assert datetime.fromisoformat(answer["erasureAt"]).hour == 0
    answer = await confirm_erasure(backups, contractId=ACTIVE_CONTRACT)
    assert (answer["code"], answer["erasureAt"]) == ("NOT_ERASED_YET", None)
    answer = await confirm_erasure(backups, contractId=str(UUID(int=1)))
    assert answer["code"] == "CONTRACT_NOT_FOUND"


@pytest.mark.parametrize(
    ("input_", "place"),
    [
        ({"outcome": "RETAINED", "reason": "law"}, "until"),
        ({"outcome": "RETAINED", "until": "2099-03-31"}, "reason"),
        ({"outcome": "RETAINED", "until": "2099-03-31", "reason": " "}, "reason"),
        ({"outcome": "RETAINED", "until": "2099-03-31", "reason": "a" * 201}, "reason"),
        ({"outcome": "RETAINED", "until": "2099-03-31", "reason": "a\nb"}, "reason"),
        ({"outcome": "RETAINED", "until": "2020-03-31", "reason": "law"}, "until"),
        ({"outcome": "DONE", "reason": "law"}, "reason"),
        ({"outcome": "NOTHING_HELD", "until": "2099-03-31"}, "until"),
    ],
)
async def test_what_is_retained_needs_a_reason_and_a_day_and_nothing_else_has_them(
    after_erasure: Client, input_: dict[str, Any], place: str
) -> None:
    answer = await confirm_erasure(after_erasure, **input_)
    assert (answer["code"], answer["path"]) == ("INVALID_INPUT", ["input", place])


async def test_health_and_doctor_name_a_service_that_is_late(after_erasure: Client, service: Running) -> None:
    await after_erasure.advance(days=7)
    async with service.client() as operator:
        await operator.log_in("operator@example.jp")
        (late,) = [
            check for check in (await operator.ask(HEALTH))["health"]["checks"] if check["name"] == "confirmations"
        ]
    assert (late["ok"], late["count"]) == (False, 1)
    assert CLOSED_CONTRACT in late["detail"]
    status, report, _ = await command(service.variables, "doctor")
    assert status == 1
    assert CLOSED_CONTRACT in "".join(report.split())

    await confirm_erasure(after_erasure, "NOTHING_HELD")
    status, _, _ = await command(service.variables, "doctor")
    assert status == 0


@pytest.mark.usefixtures("after_erasure")
async def test_operators_see_the_notice_in_the_history(service: Running) -> None:
    async with service.client() as operator:
        await operator.log_in("operator@example.jp")
        events = (await operator.ask(EVENTS, id=CLOSED_CONTRACT))["contract"]["events"]["nodes"]
    assert [event["type"] for event in events] == ["SERVICE_ENDED", "ERASURE_DUE", "ERASED"]


async def standing(service: Running) -> dict[str, Any]:
    async with service.client() as operator:
        await operator.log_in("operator@example.jp")
        (found,) = (await operator.ask(STANDINGS, id=CLOSED_CONTRACT))["contract"]["erasureConfirmations"]
    return dict(found)


async def test_operators_see_where_each_service_stands(after_erasure: Client, service: Running) -> None:
    awaited = await standing(service)
    assert (awaited["outcome"], awaited["confirmedAt"], awaited["overdue"]) == (None, None, False)
    assert awaited["dueAt"]
    await after_erasure.advance(days=7)
    assert (await standing(service))["overdue"]
    until = str(datetime.fromisoformat(awaited["dueAt"]).date() + timedelta(days=30))
    await confirm_erasure(after_erasure, "RETAINED", reason="電子帳簿保存法", until=until)
    retained = await standing(service)
    assert (retained["outcome"], retained["until"], retained["reason"]) == ("RETAINED", until, "電子帳簿保存法")
    assert retained["confirmedAt"]
    assert not retained["overdue"]
    await after_erasure.advance(days=40)
    assert (await standing(service))["overdue"]
    await confirm_erasure(after_erasure, "DONE")
    done = await standing(service)
    assert (done["outcome"], done["dueAt"], done["overdue"]) == ("DONE", None, False)
    async with service.client() as contractor:
        await contractor.log_in("active@example.jp")
        own = await contractor.ask("{ viewer { contract { erasureConfirmations { serviceName } } } }")
    assert own["viewer"]["contract"]["erasureConfirmations"] == []
