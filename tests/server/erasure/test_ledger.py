"""Every erasure is recorded in a folder outside the database before any data is erased."""

import errno
import os
import threading
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from tests.server.workbench import (
    ERASURE_DUE_AT,
    Workbench,
    everything_stored,
    fail_when,
    status_of,
    stop_interfering,
    whole_chain,
)

from contract_rules import Status
from contract_server.contracts.models import Member, TerminationApplication
from contract_server.erasure.ledger import Ledger, LedgerCorrupt, LedgerUnavailable, Step
from contract_server.erasure.models import ErasureRecord
from contract_server.monitoring.doctor import examine_thoroughly
from contract_server.monitoring.health import GRACE, Check
from contract_server.schedule.due_actions import SweepReport
from contract_server.schedule.models import DueFailure


def folder_of(bench: Workbench) -> Path:
    assert bench.ledger.folder is not None
    return bench.ledger.folder


async def sweep_when_due(bench: Workbench) -> SweepReport:
    bench.clock.instant = ERASURE_DUE_AT
    return await bench.due_actions.run()


async def ledger_check(bench: Workbench) -> Check:
    """Return the check of the ledger."""
    health = await examine_thoroughly(
        bench.clock, bench.breaker, bench.ledger, must_keep_ledger=True, audit_kept_for=timedelta(days=1_000)
    )
    return next(check for check in health.checks if check.name == "ledger")


async def erase_one(bench: Workbench) -> UUID:
    contract_id = await bench.terminated_contract()
    assert (await sweep_when_due(bench)).failed == set()
    return contract_id


async def test_an_erasure_is_written_down_when_it_begins_and_with_its_evidence_when_it_is_finished(
    bench: Workbench,
) -> None:
    contract_id = await erase_one(bench)
    begun, finished = await bench.ledger.read()
    application = await TerminationApplication.get(contract_id=contract_id)
    for entry in (begun, finished):
        assert (entry.contract_id, entry.application.id) == (contract_id, application.id)
        assert (entry.application.number, entry.application.erasure_at) == (1, ERASURE_DUE_AT)
    assert (begun.step, begun.evidence, finished.step) == (Step.BEGUN, None, Step.FINISHED)
    assert [finished.evidence] == await whole_chain()


async def test_it_is_written_down_before_anything_is_destroyed(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    await fail_when("member", "DELETE", "true")
    await sweep_when_due(bench)
    (begun,) = await bench.ledger.read()
    assert (begun.step, begun.contract_id) == (Step.BEGUN, contract_id)
    assert await Member.filter(contract_id=contract_id).count() == 3


async def test_an_erasure_that_is_taken_up_again_is_not_written_down_again(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    await fail_when("company", "DELETE", "true")
    await sweep_when_due(bench)
    await stop_interfering()
    bench.clock.instant += timedelta(hours=1)
    await bench.due_actions.run()
    assert [entry.step for entry in await bench.ledger.read()] == [Step.BEGUN, Step.FINISHED]
    begun, _ = sorted(file.name for file in folder_of(bench).iterdir())
    assert (await ErasureRecord.get(contract_id=contract_id)).ledger_file == begun


async def test_without_the_folder_nothing_is_destroyed_and_everything_else_goes_on(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    folder_of(bench).rmdir()
    bench.clock.instant = ERASURE_DUE_AT - timedelta(days=1)
    service_ends = await bench.terminated_contract()
    before = await everything_stored()
    bench.clock.instant = ERASURE_DUE_AT + timedelta(days=20)
    report = await bench.due_actions.run()
    assert report.failed == {contract_id}
    stored = await everything_stored()
    assert {name for name, rows in before.items() if rows != stored[name]} <= {
        "contract",
        "contract_event",
        "termination_application",
    }
    assert (await TerminationApplication.get(contract_id=service_ends)).service_ended_at is not None
    assert not await DueFailure.exists()  # a ledger that is unavailable is no failure of the contract

    folder_of(bench).mkdir()
    await bench.due_actions.run()
    assert await status_of(contract_id) is Status.ERASED


async def test_evidence_that_cannot_be_written_down_is_written_down_once_it_can(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    await fail_when("member", "DELETE", "true")
    await sweep_when_due(bench)
    await stop_interfering()
    away = folder_of(bench).rename(folder_of(bench).with_name("away"))
    await bench.erasures.erase(contract_id)
    assert await status_of(contract_id) is Status.ERASED
    away.rename(folder_of(bench))
    assert [entry.step for entry in await bench.ledger.read()] == [Step.BEGUN]
    bench.clock.instant += GRACE
    assert (await ledger_check(bench)).count == 1

    await bench.due_actions.run()

    assert [entry.step for entry in await bench.ledger.read()] == [Step.BEGUN, Step.FINISHED]
    finished = (await bench.ledger.read())[1]
    assert (finished.contract_id, finished.evidence) == (contract_id, (await whole_chain())[0])
    assert (await ledger_check(bench)).ok


async def test_a_disk_that_is_full_is_not_filled_with_files_that_were_never_finished(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    contract_id = await bench.terminated_contract()
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refuse)
        assert (await sweep_when_due(bench)).failed == {contract_id}
    assert list(folder_of(bench).iterdir()) == []
    await bench.due_actions.run()
    assert await status_of(contract_id) is Status.ERASED


async def test_a_disk_that_hangs_holds_up_the_erasure_and_nothing_else(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract_id = await bench.terminated_contract()
    answers = threading.Event()
    with monkeypatch.context() as hanging:
        hanging.setattr(bench.ledger, "timeout", timedelta(milliseconds=10))
        hanging.setattr(os, "fsync", lambda _: answers.wait())
        report = await sweep_when_due(bench)
        assert (report.failed, report.complete) == ({contract_id}, True)
        assert (await TerminationApplication.get(contract_id=contract_id)).service_ended_at is not None
        answers.set()
    await bench.due_actions.run()
    assert await status_of(contract_id) is Status.ERASED


async def test_where_no_folder_is_named_contracts_are_erased_without(bench: Workbench) -> None:
    await erase_one(Workbench.of(bench.settings.model_copy(update={"ledger_dir": None})))
    assert list(folder_of(bench).iterdir()) == []
    assert (await whole_chain())[0]["ledger_file"] is None


async def test_files_appear_whole(bench: Workbench) -> None:
    await erase_one(bench)
    files = list(folder_of(bench).iterdir())
    assert {file.suffix for file in files} == {".jsonl"}
    assert all(file.read_bytes().endswith(b"\n") for file in files)


@pytest.mark.parametrize(
    ("original", "replacement"),
    [
        (b'"TERMINATED"', None),
        (b'"BEGUN"', b'"FINISHED"'),
        (b'"sha256"', b'"sha257"'),
        (b"{", b"["),
        (b'"number":1', b'"number":2'),
    ],
)
async def test_a_line_that_was_changed_is_named_by_file_and_line(
    bench: Workbench, original: bytes, replacement: bytes | None
) -> None:
    await erase_one(bench)
    file = min(folder_of(bench).iterdir())
    good = file.read_bytes()
    bad = good.replace(original, replacement) if replacement else good[: len(good) // 2]
    assert bad != good
    file.write_bytes(good + bad)
    with pytest.raises(LedgerCorrupt, match=f"^{file}, line 2$"):
        await bench.ledger.read()


async def test_files_and_folders_can_be_read_by_name(bench: Workbench, tmp_path: Path) -> None:
    await erase_one(bench)
    files = sorted(folder_of(bench).iterdir())
    nobodys = Ledger(None)
    assert await nobodys.read([folder_of(bench)]) == await nobodys.read(files) == await bench.ledger.read()
    for places in ([tmp_path / "nowhere"], []):
        with pytest.raises(LedgerUnavailable):
            await nobodys.read(places)
