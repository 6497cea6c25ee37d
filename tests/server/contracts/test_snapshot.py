"""A snapshot is what its columns say, and its columns are what it says."""

from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from uuid import UUID

from contract_rules import Action, Actor, Granted, decide, new_contract, shipped_policies
from contract_server.contracts.effects import NO_REASONS, contract_after
from contract_server.contracts.snapshot import (
    ContractSnapshot,
    application_columns,
    contract_columns,
    hold_columns,
    snapshot_of,
)

NOW = datetime(2024, 3, 1, 0, 30, tzinfo=UTC)
NEW = ContractSnapshot(UUID(int=1), date(2023, 1, 1), new_contract())


def terminated() -> ContractSnapshot:
    decision = decide(shipped_policies().in_force_at(NOW), NEW.facts, Action.TERMINATE, Actor.CONTRACTOR, NOW)
    assert isinstance(decision, Granted)
    return contract_after(NEW, decision, NOW, NO_REASONS)


def row_of(contract: ContractSnapshot) -> dict[str, object]:
    """The row that a statement with `SNAPSHOT_COLUMNS` reads of a contract that was stored now."""
    stored = contract_columns(contract, NOW) | hold_columns(contract)
    application = dict(application_columns(contract)) if contract.facts.application else {}
    columns = (
        "number",
        "receipt_number",
        "requested_at",
        "requested_on",
        "reason",
        "policy_version",
        "service_ended_at",
    )
    deadlines = (f"{name}_{part}" for name in ("service_end", "resumption", "erasure") for part in ("last_day", "at"))
    return {
        "contract_id": contract.id,
        "started_on": contract.started_on,
        **{name: stored[name] for name in ("version", "status", "applications", "hold_placed_at", "hold_reason")},
        "erasure_announced_for": stored["erasure_announced_for"],
        "application_id": application.get("id"),
        **{name: application.get(name) for name in (*columns, *deadlines)},
        "policy_name": "omakase-login",
        "zone": "Asia/Tokyo",
    }


def test_what_is_stored_is_read_as_it_was() -> None:
    for contract in (NEW, terminated(), replace(terminated(), erasure_announced=True)):
        assert snapshot_of(row_of(contract)) == contract


def test_due_dates_are_stored_while_the_contract_is_terminated_alone() -> None:
    application = terminated().facts.application
    assert application is not None
    due = contract_columns(terminated(), NOW)
    timeline = application.timeline
    assert (due["service_end_due_at"], due["erasure_due_at"]) == (timeline.service_end.at, timeline.erasure.at)
    active = contract_columns(NEW, NOW)
    assert (active["service_end_due_at"], active["erasure_due_at"]) == (None, None)
    assert asdict(NEW)["hold"] is None
