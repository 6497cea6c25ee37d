"""Operators terminate and resume a contract for a contractor who asked by telephone or letter."""

import json

import pytest
from tests.operations.cli.conftest import variables_of
from tests.operations.cli.contract_output import UNKNOWN_CONTRACT, list_contracts, show_contract
from tests.operations.cli.terminal import run, run_at_terminal
from tests.server.running import ACTIVE_CONTRACT, CLOSED_CONTRACT, GRACE_CONTRACT

from contract_rules import Actor
from contract_server.contracts.models import ContractEvent
from contract_server.db.connection import database
from contract_server.mail.models import OutboxMail
from contract_server.settings import Settings

REASON = "電話での申請, 受付 2024-017"


async def events_and_mails(settings: Settings) -> tuple[list[tuple[Actor, str | None]], list[str]]:
    """Actors and reasons of the events of the active contract since its start, and the pending mails."""
    async with database(settings):
        events = await ContractEvent.filter(contract_id=ACTIVE_CONTRACT).order_by("at")
        mails = await OutboxMail.all().order_by("id")
        return [(event.actor, event.note) for event in events[1:]], [mail.kind for mail in mails]


async def test_an_operator_terminates_and_resumes_with_a_reason_that_is_stored_with_the_events(
    seeded: Settings,
) -> None:
    variables = variables_of(seeded)
    done = await run(variables, "terminate", ACTIVE_CONTRACT, "--reason", REASON, "--yes")
    assert (done.status, done.output, done.errors) == (
        0,
        "The contract is TERMINATED; the contractor gets a mail.\n",
        "",
    )
    done = await run(variables, "resume", ACTIVE_CONTRACT, "--reason", f" {REASON} ", "--yes", "--json")
    assert (done.status, json.loads(done.output)["status"], done.errors) == (0, "ACTIVE", "")
    events, mails = await events_and_mails(seeded)
    assert events == [(Actor.OPERATOR, REASON), (Actor.OPERATOR, REASON)]
    assert mails == ["termination_accepted", "resumption_accepted"]
    assert [event["note"] for event in (await show_contract(seeded, ACTIVE_CONTRACT))["events"]] == [
        None,
        REASON,
        REASON,
    ]


async def test_at_a_terminal_the_dates_are_shown_and_nothing_is_done_without_a_yes(seeded: Settings) -> None:
    variables, question = variables_of(seeded), f"Terminate contract {ACTIVE_CONTRACT}? [y/N] "
    command = ("terminate", ACTIVE_CONTRACT, "--reason", REASON)
    declined = await run_at_terminal(variables, *command, answers={question: "n\n"})
    assert (declined.status, declined.output) == (1, "")
    before, _, after = declined.errors.partition(question)
    assert [line.partition("(day ")[2][:2] for line in before.splitlines()] == ["14", "14", "45"]
    assert after == "n\ncontract-server: nothing was changed\n"
    assert await events_and_mails(seeded) == ([], [])
    agreed = await run_at_terminal(variables, *command, "--json", answers={question: "y\n"})
    assert (agreed.status, json.loads(agreed.output)["status"]) == (0, "TERMINATED")


async def test_a_script_without_yes_changes_nothing(seeded: Settings) -> None:
    ended = await run(variables_of(seeded), "terminate", ACTIVE_CONTRACT, "--reason", REASON, given="y\n")
    assert (ended.status, ended.output) == (2, "")
    assert ended.errors.endswith("contract-server: confirmation needs a terminal; pass --yes to confirm without one\n")
    assert await events_and_mails(seeded) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("terminate", GRACE_CONTRACT, "--reason", REASON), 1, "application"),
        (("resume", ACTIVE_CONTRACT, "--reason", REASON), 1, "active"),
        (("resume", CLOSED_CONTRACT, "--reason", REASON), 1, "resum"),
        (("terminate", UNKNOWN_CONTRACT, "--reason", REASON), 1, "there is no such contract"),
        (("terminate", ACTIVE_CONTRACT, "--reason", " "), 2, "--reason: expected 1 to 500 characters"),
        (("terminate", ACTIVE_CONTRACT, "--reason", "x" * 501), 2, "--reason: expected 1 to 500 characters"),
    ],
)
async def test_a_refusal_of_the_rules_is_one_line_for_operators_too(
    seeded: Settings, arguments: tuple[str, ...], status: int, message: str
) -> None:
    before = await list_contracts(seeded)
    ended_with, line = (await run(variables_of(seeded), *arguments, "--yes")).refusal
    assert (ended_with, message in line) == (status, True)
    assert await list_contracts(seeded) == before
    assert (await events_and_mails(seeded))[1] == []


async def test_a_termination_needs_a_reason(seeded: Settings) -> None:
    assert (await run(variables_of(seeded), "terminate", ACTIVE_CONTRACT, "--yes")).status == 2
