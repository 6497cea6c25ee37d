"""`contract-server user` adds and unlocks accounts and sets passwords, never from the command line."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from tests.operations.cli.conftest import variables_of
from tests.operations.cli.terminal import run, run_at_terminal
from tests.server.in_process import find_viewer
from tests.server.running import ACTIVE_CONTRACT, GRACE_CONTRACT, PASSWORD

from contract_rules import Status
from contract_server.accounts.login import InvalidCredentials
from contract_server.accounts.models import Account, AttemptCount, Role, Session
from contract_server.accounts.rate_limit_store import TooManyAttempts
from contract_server.contracts.models import Contract
from contract_server.db.connection import database
from contract_server.development.test_clock import MovableClock
from contract_server.mail.models import OutboxMail
from contract_server.services import Services, build_services
from contract_server.settings import Settings

NEW_PASSWORD = "とても長いパスワード 2026"
OPERATOR, OPERATOR_OF_DEMO = "second.operator@example.jp", "operator@example.jp"
LINK = re.compile(r"http://localhost:8000/second-factor/new#[\w-]{43}")
CONTRACTOR = "active@example.jp"
OF_AN_UNKNOWN_ACCOUNT: list[tuple[str, ...]] = [
    (name, "nobody@example.jp") for name in ("show", "unlock", "enrol", "disable", "enable")
]
OF_AN_UNKNOWN_ACCOUNT += [("rename", "nobody@example.jp", "n"), ("change-address", "nobody@example.jp", "n@example.jp")]
NOBODYS_CONTRACT = "018f0000-0000-7000-8000-000000000099"
HERE, THERE = "203.0.113.1", "203.0.113.2"


@asynccontextmanager
async def services_of(settings: Settings) -> AsyncIterator[Services]:
    async with database(settings):
        services = build_services(settings)
        yield services
        await services.close()


async def test_an_operator_is_added_with_a_password_from_standard_input(seeded: Settings) -> None:
    ended = await run(
        variables_of(seeded),
        "user",
        "add",
        "Second.Operator@example.jp",
        "--name",
        "運用 花子",
        given=f"{NEW_PASSWORD}\n",
    )
    assert (ended.status, ended.errors) == (0, "")
    added, _, link = ended.output.splitlines()
    assert added == "The operator was added."
    assert LINK.fullmatch(link)
    async with services_of(seeded) as services:
        viewer, _ = await services.log_ins.log_in(OPERATOR, NEW_PASSWORD, client_address=HERE)
    assert (viewer.role, viewer.name, viewer.contract_id) == (Role.OPERATOR, "運用 花子", None)


async def test_a_contract_without_a_contractor_gets_one(seeded: Settings) -> None:
    async with database(seeded):
        await Account.filter(email=CONTRACTOR).delete()
    ended = await run(
        variables_of(seeded), "user", "add", OPERATOR, "--name", "n", "--contract", ACTIVE_CONTRACT, given=NEW_PASSWORD
    )
    assert (ended.status, ended.output, ended.errors) == (0, "The contractor was added.\n", "")
    async with services_of(seeded) as services:
        viewer, _ = await services.log_ins.log_in(OPERATOR, NEW_PASSWORD, client_address=HERE)
    assert (viewer.role, str(viewer.contract_id)) == (Role.CONTRACTOR, ACTIVE_CONTRACT)


async def test_nothing_personal_is_stored_of_an_erased_contract_again(seeded: Settings) -> None:
    async with services_of(seeded) as services:
        await MovableClock().move_to(await services.clock.now() + timedelta(days=46))
        await services.due_actions.run()
        assert (await Contract.get(id=GRACE_CONTRACT)).status is Status.ERASED
    ended = await run(
        variables_of(seeded), "user", "add", OPERATOR, "--name", "n", "--contract", GRACE_CONTRACT, given=NEW_PASSWORD
    )
    assert ended.refusal == (1, "the contract's data was erased; it cannot get a contractor again")


@pytest.mark.parametrize(
    ("arguments", "given", "refusal"),
    [
        (("add", CONTRACTOR.upper(), "--name", "n"), NEW_PASSWORD, (1, "an account has this address already")),
        (
            ("add", OPERATOR, "--name", "n", "--contract", ACTIVE_CONTRACT),
            NEW_PASSWORD,
            (1, "the contract has a contractor"),
        ),
        (("add", OPERATOR, "--name", "n", "--contract", NOBODYS_CONTRACT), NEW_PASSWORD, (1, "there is no such")),
        (("add", "nobody", "--name", "n"), NEW_PASSWORD, (2, "EMAIL: expected one plain address")),
        (("add", OPERATOR, "--name", " "), NEW_PASSWORD, (2, "--name: expected 1 to 200 characters")),
        (("add", OPERATOR, "--name", "n\n"), "short", (2, "The new password needs 12 to 256 characters")),
        (("add", OPERATOR, "--name", "n"), "", (2, "The new password needs 12 to 256 characters")),
        (("password", CONTRACTOR), "x" * 257, (2, "The new password needs 12 to 256 characters")),
        (
            ("password", CONTRACTOR),
            "active@example.jp 1",
            (2, "The new password needs 12 characters besides the names"),
        ),
        (("password", "nobody@example.jp"), NEW_PASSWORD, (1, "no account has this address")),
        *((line, "", (1, "no account has this address")) for line in OF_AN_UNKNOWN_ACCOUNT),
        (("transfer", "nobody@example.jp", "n@example.jp", "--name", "n"), NEW_PASSWORD, (1, "no account has this ad")),
        (("transfer", OPERATOR_OF_DEMO, "n@example.jp", "--name", "n"), NEW_PASSWORD, (1, "this is an operator's")),
        (("transfer", CONTRACTOR, OPERATOR_OF_DEMO, "--name", "n"), NEW_PASSWORD, (1, "an account has this address")),
        (("transfer", CONTRACTOR, "n@example.jp", "--name", "n"), "short", (2, "The new password needs 12 to 256")),
        (("change-address", CONTRACTOR, OPERATOR_OF_DEMO), "", (1, "an account has this address already")),
        (("change-address", CONTRACTOR, "nobody"), "", (2, "NEW_EMAIL: expected one plain address")),
        (("rename", CONTRACTOR, " "), "", (2, "NAME: expected 1 to 200 characters")),
        (("enrol", CONTRACTOR), "", (1, "this is a contractor's account")),
        (("disable", OPERATOR_OF_DEMO), "", (1, "this is the last enabled operator")),
    ],
)
async def test_what_cannot_be_is_refused_in_one_line(
    seeded: Settings, arguments: tuple[str, ...], given: str, refusal: tuple[int, str]
) -> None:
    status, line = (await run(variables_of(seeded), "user", *arguments, given=given)).refusal
    assert (status, line[: len(refusal[1])]) == refusal
    async with database(seeded):
        assert await Account.all().count() == 5


async def test_a_new_password_replaces_the_old_one_and_ends_all_sessions(seeded: Settings) -> None:
    async with services_of(seeded) as services:
        await services.log_ins.log_in(CONTRACTOR, PASSWORD, client_address=HERE)
        ended = await run(variables_of(seeded), "user", "password", " Active@example.jp", given=NEW_PASSWORD)
        assert (ended.status, ended.errors) == (0, "")
        assert await Session.all().count() == 0
        assert (await OutboxMail.get()).kind == "password_changed"
        with pytest.raises(InvalidCredentials):
            await services.log_ins.log_in(CONTRACTOR, PASSWORD, client_address=HERE)
        await services.log_ins.log_in(CONTRACTOR, NEW_PASSWORD, client_address=HERE)


async def test_at_a_terminal_a_password_is_typed_twice_and_never_shown(seeded: Settings) -> None:
    command = (variables_of(seeded), "user", "password", CONTRACTOR)
    once, again = "New password: ", "Repeat the password: "
    ended = await run_at_terminal(*command, answers={once: f"{NEW_PASSWORD}\n", again: "something else\n"})
    assert (ended.status, ended.output) == (2, "")
    assert ended.errors.split("\n")[-2] == "contract-server: the two passwords differ; nothing was changed"
    ended = await run_at_terminal(*command, answers={once: f"{NEW_PASSWORD}\n", again: f"{NEW_PASSWORD}\n"})
    assert (ended.status, NEW_PASSWORD in ended.errors) == (0, False)
    async with services_of(seeded) as services:
        await services.log_ins.log_in(CONTRACTOR, NEW_PASSWORD, client_address=HERE)


async def test_unlocking_clears_an_accounts_counts_from_everywhere_and_nobody_elses(seeded: Settings) -> None:
    tries = seeded.log_in_failures_per_account
    async with services_of(seeded) as services:
        for address in (HERE, THERE):
            for email in (CONTRACTOR, "grace@example.jp"):
                await fail(services, email, address, tries)
        await asyncio.gather(*(services.password_resets.request(CONTRACTOR, client_address=HERE) for _ in range(4)))
        assert await OutboxMail.all().count() == seeded.password_resets_per_account
        counts = await AttemptCount.all().count()
        ended = await run(variables_of(seeded), "user", "unlock", CONTRACTOR)
        assert (ended.status, ended.errors) == (0, "")
        assert await AttemptCount.all().count() == counts - 5
        for address in (HERE, THERE):
            await services.log_ins.log_in(CONTRACTOR, PASSWORD, client_address=address)
            with pytest.raises(TooManyAttempts):
                await services.log_ins.log_in("grace@example.jp", PASSWORD, client_address=address)
        await services.password_resets.request(CONTRACTOR, client_address=HERE)
        assert await OutboxMail.all().count() == seeded.password_resets_per_account + 1


async def fail(services: Services, email: str, address: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises(InvalidCredentials):
            await services.log_ins.log_in(email, "wrong", client_address=address)
    with pytest.raises(TooManyAttempts):
        await services.log_ins.log_in(email, PASSWORD, client_address=address)


async def test_the_help_teaches_how_a_password_is_given(seeded: Settings) -> None:
    ended = await run(variables_of(seeded), "user", "add", "--help")
    assert ended.status == 0
    assert "never part of the command line" in " ".join(ended.output.replace("│", " ").split())
    assert "--password" not in ended.output


async def test_a_disabled_operator_logs_in_nowhere_and_acts_as_nobody(seeded: Settings) -> None:
    await run(variables_of(seeded), "user", "add", OPERATOR, "--name", "二人目", given=NEW_PASSWORD)
    async with services_of(seeded) as services:
        _, token = await services.log_ins.log_in(OPERATOR, NEW_PASSWORD, client_address=HERE)
        ended = await run(variables_of(seeded), "user", "disable", OPERATOR.upper())
        assert (ended.status, ended.output) == (0, "The account is disabled; its sessions and links have ended.\n")
        assert await find_viewer(services, token) is None
        with pytest.raises(InvalidCredentials):
            await services.log_ins.log_in(OPERATOR, NEW_PASSWORD, client_address=HERE)
        ended = await run(variables_of(seeded), "user", "unlock", CONTRACTOR, "--as", OPERATOR)
        assert ended.refusal == (2, "--as: no enabled operator has this address; check how it is written")
        assert (await run(variables_of(seeded), "user", "enable", OPERATOR)).output == "The account is enabled.\n"
        await services.log_ins.log_in(OPERATOR, NEW_PASSWORD, client_address=HERE)
    for name, already in (("enable", "It was enabled already.\n"), ("disable", None), ("disable", "It was disabled")):
        ended = await run(variables_of(seeded), "user", name, OPERATOR)
        assert (ended.status, ended.errors) == (0, "")
        assert ended.output.startswith(already or "")


async def test_accounts_are_listed_and_shown_without_what_opens_them(seeded: Settings) -> None:
    async with services_of(seeded) as services:
        await services.log_ins.log_in(CONTRACTOR, PASSWORD, client_address=HERE)
    await run(variables_of(seeded), "user", "change-address", CONTRACTOR, "new@example.jp")
    await run(variables_of(seeded), "user", "disable", CONTRACTOR)
    await run(variables_of(seeded), "user", "enrol", OPERATOR_OF_DEMO)
    listed = json.loads((await run(variables_of(seeded), "user", "list", "--json")).output)
    assert len(listed) == 5
    (disabled,) = json.loads((await run(variables_of(seeded), "user", "list", "--disabled", "--json")).output)
    assert (disabled["email"], disabled["contract"]) == (CONTRACTOR, ACTIVE_CONTRACT)
    operators = json.loads((await run(variables_of(seeded), "user", "list", "--role", "OPERATOR", "--json")).output)
    assert [account["email"] for account in operators] == [OPERATOR_OF_DEMO]
    shown = json.loads((await run(variables_of(seeded), "user", "show", CONTRACTOR, "--json")).output)
    assert shown["disabled_at"]
    assert (shown["sessions"], shown["awaits_address"]) == ([], None)
    assert [log_in["interface"] for log_in in shown["log_ins"]] == ["WORKER"]
    table = await run(variables_of(seeded), "user", "show", OPERATOR_OF_DEMO)
    assert "recovery codes" in table.output
    async with database(seeded):
        hashes = [account.password_hash for account in await Account.all()]
    assert not [hash_ for hash_ in hashes if hash_ in table.output + json.dumps([listed, shown])]


async def test_a_name_is_changed(seeded: Settings) -> None:
    ended = await run(variables_of(seeded), "user", "rename", CONTRACTOR, "契約 花子")
    assert (ended.status, ended.output) == (0, "The account has its new name.\n")
    async with database(seeded):
        assert (await Account.get(email=CONTRACTOR)).name == "契約 花子"


async def test_a_change_of_address_is_mailed_to_both_addresses(seeded: Settings) -> None:
    ended = await run(variables_of(seeded), "user", "change-address", CONTRACTOR, "New@example.jp")
    assert (ended.status, ended.output) == (0, "Both addresses get a link, good for 24 hours.\n")
    async with database(seeded):
        mails = await OutboxMail.all().order_by("recipient").values_list("kind", "recipient")
        assert mails == [("address_change", CONTRACTOR), ("new_address", "new@example.jp")]


async def test_a_contract_is_transferred_with_a_password_from_standard_input(seeded: Settings) -> None:
    line = ("user", "transfer", CONTRACTOR, "new@example.jp", "--name", "後任")
    ended = await run(variables_of(seeded), *line, given=NEW_PASSWORD)
    assert (ended.status, ended.errors) == (0, "")
    async with services_of(seeded) as services:
        viewer, _ = await services.log_ins.log_in("new@example.jp", NEW_PASSWORD, client_address=HERE)
    assert str(viewer.contract_id) == ACTIVE_CONTRACT
