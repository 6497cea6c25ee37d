"""The staging tables decide each contract's outcome, and disappear from the connection."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from contract_server.contracts.models import Contract
from contract_server.db.transaction import current_connection
from contract_server.onboarding.staging import NO_VALUES, ContractOutcome, ImportReport, RefusedLine, Staging
from contract_server.services import Services


@pytest.fixture
async def connection(services: Services) -> AsyncIterator[asyncpg.Connection]:
    assert services.settings.development
    async with current_connection().acquire_connection() as connection:
        yield connection


@pytest.fixture
async def staging(connection: asyncpg.Connection) -> AsyncIterator[Staging]:
    staging = Staging(connection, update=False)
    await staging.open()
    yield staging
    await staging.close()


def contract(
    number: int, *, of: int | None = None, email: str | None = None, headless: bool = False
) -> tuple[Any, ...]:
    contract_id = str(UUID(int=of or number))
    if headless:
        return (number, number, contract_id, True, *NO_VALUES)
    started_at = datetime(2023, 3, 31, 15, tzinfo=UTC)
    company = ("会社", "住所", "100-0005", "03-0000-0001")
    contractor = ("名前", email or f"contractor{number}@example.jp", "hash", uuid4(), uuid4())
    return (number, number, contract_id, False, date(2023, 4, 1), started_at, *company, *contractor)


async def stored(staging: Staging) -> tuple[ImportReport, list[str], list[tuple[int, str, int | None]]]:
    """The totals, the outcomes, and line, field and contract of every refused line."""
    await staging.store()
    report = await staging.totals()
    refusals: list[RefusedLine] = []
    outcomes: list[ContractOutcome] = []
    await staging.report(refusals.append, outcomes.append)
    return (
        report,
        [line.outcome for line in outcomes],
        [(line.line, line.field, line.contract_line) for line in refusals],
    )


async def test_contracts_with_faults_are_refused_and_all_others_stored(staging: Staging) -> None:
    staging.contracts += [contract(1), contract(2)]
    staging.members += [
        (11, 1, uuid4(), False, "会員", "a@example.jp"),
        (21, 2, uuid4(), False, "会員", "a@example.jp"),
    ]
    staging.faults += [(22, 2, "name", "expected text"), (30, None, "", "expected a line")]
    report, outcomes, refusals = await stored(staging)
    assert (report.contracts, report.members, report.refused_contracts) == (1, 1, 1)
    assert (report.refused_lines, report.lines_of_no_contract) == (2, 1)
    assert (outcomes, refusals) == (["stored", "refused"], [(22, "name", 2), (30, "", None)])


async def test_a_repeated_id_address_or_member_is_refused_the_second_time(staging: Staging) -> None:
    staging.contracts += [contract(1), contract(2, of=1), contract(3, email="contractor1@example.jp"), contract(4)]
    staging.members += [(line, 4, uuid4(), False, "会員", "a@example.jp") for line in (41, 42)]
    _, outcomes, refusals = await stored(staging)
    assert outcomes == ["stored", "refused", "refused", "refused"]
    assert refusals == [(2, "contract_id", 2), (3, "email", 3), (42, "email", 4)]


async def test_the_id_of_a_member_is_refused_where_another_line_or_another_contract_has_it(staging: Staging) -> None:
    taken, free = uuid4(), uuid4()
    staging.contracts += [contract(1)]
    staging.members += [(11, 1, taken, True, "会員", "a@example.jp")]
    assert (await stored(staging))[1] == ["stored"]
    await staging.close()
    await staging.open()
    staging.contracts += [contract(1), contract(2), contract(3), contract(4)]
    staging.members += [
        (line, line // 10, id_, True, "会員", "a@example.jp")
        for line, id_ in ((11, taken), (21, taken), (31, free), (41, free))
    ]
    _, outcomes, refusals = await stored(staging)
    assert outcomes == ["skipped", "refused", "stored", "refused"]
    assert set(refusals) == {(21, "member_id", 2), (41, "member_id", 4)}


async def test_lines_apart_from_their_contract_are_its_faults(staging: Staging) -> None:
    staging.contracts += [contract(1), contract(2), contract(3, of=1, headless=True)]
    staging.faults += [(3, 3, "contract_id", "expected the line of this contract above")]
    report, outcomes, refusals = await stored(staging)
    assert (report.contracts, outcomes, refusals) == (1, ["refused", "stored"], [(3, "contract_id", 1)])


async def test_a_contract_that_is_stored_is_skipped_and_a_stored_address_refused(staging: Staging) -> None:
    staging.contracts += [contract(1)]
    assert (await stored(staging))[1] == ["stored"]
    await staging.close()
    await staging.open()
    staging.contracts += [contract(1), contract(2, email="contractor1@example.jp")]
    assert (await stored(staging))[1] == ["skipped", "refused"]
    assert await Contract.all().count() == 1


async def test_nothing_is_left_in_the_connection(connection: asyncpg.Connection) -> None:
    staging = Staging(connection, update=False)
    await staging.open()
    await staging.close()
    assert await connection.fetch("SELECT FROM pg_class WHERE relname LIKE 'imported%'") == []
