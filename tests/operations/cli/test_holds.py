"""Operators put an erasure on hold for a case, and release it; `doctor` reminds of the day of review."""

import json
from typing import Any

from tests.operations.cli.conftest import variables_of
from tests.operations.cli.contract_output import UNKNOWN_CONTRACT, show_contract
from tests.operations.cli.terminal import run
from tests.server.running import CLOSED_CONTRACT, GRACE_CONTRACT

from contract_server.clock import DatabaseClock
from contract_server.contracts.models import ErasureHold
from contract_server.db.connection import database
from contract_server.development.demo.people import OPERATOR_EMAIL, OPERATOR_NAME
from contract_server.settings import Settings

AS = ("--as", OPERATOR_EMAIL)


async def test_a_hold_is_placed_for_a_case_and_released_with_a_reason(seeded: Settings) -> None:
    variables = variables_of(seeded)
    placing = ("hold", GRACE_CONTRACT, "--reference", "2026-0142", "--reason", "係争中", "--review-on", "2030-01-31")
    assert (await run(variables, *placing, *AS)).output == "The erasure is on hold.\n"
    assert (await run(variables, "release", GRACE_CONTRACT, "--reason", "和解成立", *AS)).status == 0
    (hold,) = (await show_contract(seeded, GRACE_CONTRACT))["holds"]
    assert (hold["reference"], hold["reason"], hold["review_on"]) == ("2026-0142", "係争中", "2030-01-31")
    assert (hold["placed_by"], hold["released_by"], hold["release_reason"]) == (
        OPERATOR_NAME,
        OPERATOR_NAME,
        "和解成立",
    )
    shown = await run(variables, "contracts", "show", GRACE_CONTRACT)
    assert "2026-0142" in shown.output


async def holds_of(settings: Settings) -> dict[str, dict[str, Any]]:
    return {hold["reference"]: hold for hold in (await show_contract(settings, GRACE_CONTRACT))["holds"]}


async def test_a_release_names_its_hold_where_several_are_in_force(seeded: Settings) -> None:
    variables = variables_of(seeded)
    release = ("release", GRACE_CONTRACT, "--reason", "和解成立", *AS)
    for case in ("CASE-1", "CASE-2"):
        placed = await run(variables, "hold", GRACE_CONTRACT, "--reference", case, "--reason", "係争中", *AS)
        assert placed.output == "The erasure is on hold.\n"
    ids = {case: hold["id"] for case, hold in (await holds_of(seeded)).items()}
    both = ", ".join(f"{case} (--id {ids[case]})" for case in ("CASE-2", "CASE-1"))
    for wrong in ((), ("--reference", "CASE-3")):
        refused = await run(variables, *release, *wrong)
        assert refused.refusal == (1, f"expected one hold by --reference or --id; in force: {both}")
    one = await run(variables, *release, "--reference", "CASE-1")
    assert one.output == f"The hold is released. Still in force: CASE-2 (--id {ids['CASE-2']}).\n", one.errors
    again = await run(variables, *release, "--reference", "CASE-1")
    assert (again.status, again.output) == (0, one.output)
    last = await run(variables, *release)
    assert last.output == "The erasure is not on hold.\n"
    assert all(hold["released_at"] for hold in (await holds_of(seeded)).values())


async def test_holds_for_the_same_case_are_released_by_their_ids(seeded: Settings) -> None:
    variables = variables_of(seeded)
    for reason in ("係争中", "差押え"):
        await run(variables, "hold", GRACE_CONTRACT, "--reference", "CASE-1", "--reason", reason)
    first = (await show_contract(seeded, GRACE_CONTRACT))["holds"][-1]
    release = ("release", GRACE_CONTRACT, "--reason", "和解成立")
    assert (await run(variables, *release, "--reference", "CASE-1")).status == 1
    assert (await run(variables, *release, "--id", first["id"])).status == 0
    left = (await show_contract(seeded, GRACE_CONTRACT))["hold"]
    assert left["reason"] == "差押え"
    unknown = await run(variables, *release, "--id", UNKNOWN_CONTRACT)
    assert unknown.refusal == (1, "The contract has no such hold. Please look at its holds as they are now.")
    missing = await run(variables, "release", UNKNOWN_CONTRACT, "--reason", "a", "--reference", "CASE-1")
    assert missing.refusal == (1, "there is no such contract; see `contract-server contracts list`")


async def test_doctor_and_the_holds_that_are_to_be_reviewed(seeded: Settings) -> None:
    variables = variables_of(seeded)
    held = await run(variables, "hold", GRACE_CONTRACT, "--reason", "係争中", "--review-on", "9999-12-31")
    assert held.status == 0, held.errors
    async with database(seeded):
        await ErasureHold.all().update(review_at=await DatabaseClock().now())
    checks = json.loads((await run(variables, "doctor", "--json")).output)["checks"]
    assert [check["count"] for check in checks if check["name"] == "holds"] == [1]


async def test_a_hold_that_is_not_possible_is_refused(seeded: Settings) -> None:
    variables = variables_of(seeded)
    wrong = await run(variables, "hold", CLOSED_CONTRACT, "--reason", "a", "--reference", "案件 1")
    assert wrong.refusal == (2, "--reference: expected 1 to 40 letters, digits, and . _ / - alone")
    past = await run(variables, "hold", GRACE_CONTRACT, "--reason", "a", "--review-on", "0001-01-01")
    assert past.refusal == (2, "--review-on: expected a day that has not passed")
    missing = await run(variables, "hold", UNKNOWN_CONTRACT, "--reason", "a")
    assert missing.refusal == (1, "there is no such contract; see `contract-server contracts list`")
