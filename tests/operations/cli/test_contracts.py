"""`contract-server contracts`: operators list and show contracts."""

import json
from datetime import date, timedelta

import pytest
from tests.operations.cli.conftest import variables_of
from tests.operations.cli.contract_output import UNKNOWN_CONTRACT, list_contracts, show_contract
from tests.operations.cli.terminal import run
from tests.server.running import ACTIVE_CONTRACT, CLOSED_CONTRACT, GRACE_CONTRACT, LAST_DAY_CONTRACT

from contract_server.settings import Settings


async def test_contracts_are_listed_newest_first_and_filtered(seeded: Settings) -> None:
    everything = await list_contracts(seeded)
    assert [contract["id"] for contract in everything] == [
        CLOSED_CONTRACT,
        LAST_DAY_CONTRACT,
        GRACE_CONTRACT,
        ACTIVE_CONTRACT,
    ]
    assert [contract["status"] for contract in everything] == ["TERMINATED", "TERMINATED", "TERMINATED", "ACTIVE"]
    ended = await run(variables_of(seeded), "contracts", "list", "--json", "--limit", "2")
    assert json.loads(ended.output) == everything[:2]
    assert ended.errors == "contract-server: only the first 2 are shown; see --limit\n"
    assert everything[3:] == await list_contracts(seeded, "--status", "ACTIVE")
    assert everything == await list_contracts(seeded, "--status", "ACTIVE", "--status", "TERMINATED", "--not-on-hold")
    assert await list_contracts(seeded, "--on-hold") == []
    due = date.fromisoformat(everything[0]["registered_through"]) + timedelta(days=1)
    assert await list_contracts(seeded, "--erasure-due-by", due.isoformat()) == everything[:1]
    assert await list_contracts(seeded, "--erasure-due-by", (due - timedelta(days=1)).isoformat()) == []


async def test_a_contract_is_found_by_what_a_caller_says_and_by_its_receipt_number(seeded: Settings) -> None:
    number = (await show_contract(seeded, GRACE_CONTRACT))["application"]["receipt_number"]
    for text in ("（有）いずみ", "石川夏生", "grace@example", number):
        ended = await run(variables_of(seeded), "contracts", "find", text, "--json")
        assert [contract["id"] for contract in json.loads(ended.output)] == [GRACE_CONTRACT], text


async def test_people_get_a_table_that_a_pipe_does_not_cut(seeded: Settings) -> None:
    table = (await run(variables_of(seeded), "contracts", "list")).output.splitlines()
    assert table[0].split("  ")[0] == "id"
    assert [line.split()[0] for line in table[1:]] == [contract["id"] for contract in await list_contracts(seeded)]
    pages = (await run(variables_of(seeded), "contracts", "show", GRACE_CONTRACT)).output
    assert "有限会社いずみ商店" in pages
    assert "grace@example.jp" in pages
    assert "TERMINATION_REQUESTED" in pages


async def test_one_contract_is_shown_completely(seeded: Settings) -> None:
    contract = await show_contract(seeded, GRACE_CONTRACT)
    assert (contract["id"], contract["status"], contract["members"], contract["service_available"]) == (
        GRACE_CONTRACT,
        "TERMINATED",
        12,
        True,
    )
    assert contract["company"]["name"] == "有限会社いずみ商店"
    assert contract["contractor"] == {"name": "石川 夏生", "email": "grace@example.jp"}
    assert contract["application"]["policy_version"] == "1.0"
    started, applied = ((event["type"], event["actor"], event["note"]) for event in contract["events"])
    assert (started, applied) == (("STARTED", "CONTRACTOR", None), ("TERMINATION_REQUESTED", "CONTRACTOR", None))
    assert (await show_contract(seeded, ACTIVE_CONTRACT))["application"] is None


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("show", UNKNOWN_CONTRACT), 1),
        (("show", "1"), 2),
        (("show",), 2),
        (("list", "--status", "ENDED"), 2),
        (("list", "--erasure-due-by", "soon"), 2),
        (("list", "--limit", "0"), 2),
    ],
)
async def test_an_unknown_contract_and_a_wrong_argument_have_different_statuses(
    seeded: Settings, arguments: tuple[str, ...], status: int
) -> None:
    ended = await run(variables_of(seeded), "contracts", *arguments)
    assert (ended.status, ended.output) == (status, "")
    assert ended.errors
