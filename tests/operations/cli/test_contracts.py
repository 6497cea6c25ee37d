"""Operators look at contracts, and act on behalf of a contractor who has asked for it in another way."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from tests.operations.cli.conftest import variables_of
from tests.operations.cli.terminal import run, run_at_terminal
from tests.server.running import ACTIVE_CONTRACT, CLOSED_CONTRACT, GRACE_CONTRACT, LAST_DAY_CONTRACT

from contract_rules import Actor
from contract_server.contracts.models import ContractEvent
from contract_server.db.connection import database
from contract_server.mail.models import OutboxMail
from contract_server.settings import Settings

NOBODYS_CONTRACT = "018f0000-0000-7000-8000-000000000099"
WHY = "電話での申請, 受付 2024-017"


async def listed(settings: Settings, *options: str) -> list[dict[str, Any]]:
    ended = await run(variables_of(settings), "contracts", "list", "--json", *options)
    assert (ended.status, ended.errors) == (0, "")
    found: list[dict[str, Any]] = json.loads(ended.output)
    return found


async def shown(settings: Settings, contract: str) -> dict[str, Any]:
    ended = await run(variables_of(settings), "contracts", "show", contract, "--json")
    assert (ended.status, ended.errors) == (0, "")
    found: dict[str, Any] = json.loads(ended.output)
    return found


async def events_and_mails(settings: Settings) -> tuple[list[tuple[Actor, str | None]], list[str]]:
    """Who has done something to the active contract since it began, with the reason, and the mails that are owed."""
    async with database(settings):
        events = await ContractEvent.filter(contract_id=ACTIVE_CONTRACT).order_by("at")
        mails = await OutboxMail.all().order_by("id")
        return [(each.actor, each.note) for each in events[1:]], [each.kind for each in mails]


async def test_contracts_are_listed_newest_first_and_as_they_are_asked_for(seeded: Settings) -> None:
    everything = await listed(seeded)
    assert [each["id"] for each in everything] == [CLOSED_CONTRACT, LAST_DAY_CONTRACT, GRACE_CONTRACT, ACTIVE_CONTRACT]
    assert [each["status"] for each in everything] == ["TERMINATED", "TERMINATED", "TERMINATED", "ACTIVE"]
    ended = await run(variables_of(seeded), "contracts", "list", "--json", "--limit", "2")
    assert json.loads(ended.output) == everything[:2]
    assert ended.errors == "contract-server: only the first 2 are shown; see --limit\n"
    assert everything[3:] == await listed(seeded, "--status", "ACTIVE")
    assert everything == await listed(seeded, "--status", "ACTIVE", "--status", "TERMINATED", "--not-on-hold")
    assert await listed(seeded, "--on-hold") == []
    due = date.fromisoformat(everything[0]["registered_through"]) + timedelta(days=1)
    assert await listed(seeded, "--erasure-due-by", due.isoformat()) == everything[:1]
    assert await listed(seeded, "--erasure-due-by", (due - timedelta(days=1)).isoformat()) == []


async def test_people_get_a_table_that_a_pipe_does_not_cut(seeded: Settings) -> None:
    table = (await run(variables_of(seeded), "contracts", "list")).output.splitlines()
    assert table[0].split("  ")[0] == "id"
    assert [line.split()[0] for line in table[1:]] == [each["id"] for each in await listed(seeded)]
    pages = (await run(variables_of(seeded), "contracts", "show", GRACE_CONTRACT)).output
    assert "有限会社いずみ商店" in pages
    assert "grace@example.jp" in pages
    assert "TERMINATION_REQUESTED" in pages


async def test_one_contract_is_shown_whole(seeded: Settings) -> None:
    found = await shown(seeded, GRACE_CONTRACT)
    assert (found["id"], found["status"], found["members"], found["service_available"]) == (
        GRACE_CONTRACT,
        "TERMINATED",
        12,
        True,
    )
    assert found["company"]["name"] == "有限会社いずみ商店"
    assert found["contractor"] == {"name": "石川 夏生", "email": "grace@example.jp"}
    assert found["application"]["policy_version"] == "1.0"
    started, applied = ((each["type"], each["actor"], each["note"]) for each in found["events"])
    assert (started, applied) == (("STARTED", "CONTRACTOR", None), ("TERMINATION_REQUESTED", "CONTRACTOR", None))
    assert (await shown(seeded, ACTIVE_CONTRACT))["application"] is None


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("show", NOBODYS_CONTRACT), 1),
        (("show", "1"), 2),
        (("show",), 2),
        (("list", "--status", "ENDED"), 2),
        (("list", "--erasure-due-by", "soon"), 2),
        (("list", "--limit", "0"), 2),
    ],
)
async def test_what_is_not_there_and_what_cannot_be_meant_are_told_apart(
    seeded: Settings, arguments: tuple[str, ...], status: int
) -> None:
    ended = await run(variables_of(seeded), "contracts", *arguments)
    assert (ended.status, ended.output) == (status, "")
    assert ended.errors


async def test_an_operator_terminates_and_resumes_with_a_reason_that_stays_with_the_events(seeded: Settings) -> None:
    variables = variables_of(seeded)
    done = await run(variables, "terminate", ACTIVE_CONTRACT, "--reason", WHY, "--yes")
    assert (done.status, done.output, done.errors) == (
        0,
        "The contract is TERMINATED; the contractor gets a mail.\n",
        "",
    )
    done = await run(variables, "resume", ACTIVE_CONTRACT, "--reason", f" {WHY} ", "--yes", "--json")
    assert (done.status, json.loads(done.output)["status"], done.errors) == (0, "ACTIVE", "")
    events, mails = await events_and_mails(seeded)
    assert events == [(Actor.OPERATOR, WHY), (Actor.OPERATOR, WHY)]
    assert mails == ["termination_accepted", "resumption_accepted"]
    assert [event["note"] for event in (await shown(seeded, ACTIVE_CONTRACT))["events"]] == [None, WHY, WHY]


async def test_at_a_terminal_the_dates_are_shown_and_nothing_is_done_without_a_yes(seeded: Settings) -> None:
    variables, question = variables_of(seeded), f"Terminate contract {ACTIVE_CONTRACT}? [y/N] "
    command = ("terminate", ACTIVE_CONTRACT, "--reason", WHY)
    asked = await run_at_terminal(variables, *command, answers={question: "n\n"})
    assert (asked.status, asked.output) == (1, "")
    before, _, after = asked.errors.partition(question)
    assert [line.partition("(day ")[2][:2] for line in before.splitlines()] == ["14", "14", "45"]
    assert after == "n\ncontract-server: nothing was changed\n"
    assert await events_and_mails(seeded) == ([], [])
    agreed = await run_at_terminal(variables, *command, "--json", answers={question: "y\n"})
    assert (agreed.status, json.loads(agreed.output)["status"]) == (0, "TERMINATED")


async def test_a_script_that_does_not_say_yes_does_nothing(seeded: Settings) -> None:
    ended = await run(variables_of(seeded), "terminate", ACTIVE_CONTRACT, "--reason", WHY, given="y\n")
    assert (ended.status, ended.output) == (2, "")
    assert ended.errors.endswith("contract-server: confirmation needs a terminal; pass --yes to confirm without one\n")
    assert await events_and_mails(seeded) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("terminate", GRACE_CONTRACT, "--reason", WHY), 1, "application"),
        (("resume", ACTIVE_CONTRACT, "--reason", WHY), 1, "active"),
        (("resume", CLOSED_CONTRACT, "--reason", WHY), 1, "resum"),
        (("terminate", NOBODYS_CONTRACT, "--reason", WHY), 1, "there is no such contract"),
        (("terminate", ACTIVE_CONTRACT, "--reason", " "), 2, "--reason: expected 1 to 500 characters"),
        (("terminate", ACTIVE_CONTRACT, "--reason", "x" * 501), 2, "--reason: expected 1 to 500 characters"),
    ],
)
async def test_what_the_rules_refuse_is_refused_to_operators_too_and_told_in_one_line(
    seeded: Settings, arguments: tuple[str, ...], status: int, said: str
) -> None:
    before = await listed(seeded)
    found, line = (await run(variables_of(seeded), *arguments, "--yes")).refusal
    assert (found, said in line) == (status, True)
    assert await listed(seeded) == before
    assert (await events_and_mails(seeded))[1] == []


async def test_nobody_terminates_without_saying_why(seeded: Settings) -> None:
    assert (await run(variables_of(seeded), "terminate", ACTIVE_CONTRACT, "--yes")).status == 2
