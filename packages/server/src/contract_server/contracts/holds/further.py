"""Holds beside others: an erasure may be on hold for several cases at a time.

The rules know one state, on hold or not. The first hold and the last release change it, with an event in the history.
Every other hold and release changes rows alone, with an entry in the audit trail. The caller has locked the contract.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from contract_rules import Action
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.contracts.effects import Reasons
from contract_server.contracts.holds.records import NO_TERMS, HoldTerms, place_hold, release_columns
from contract_server.contracts.models import Contract, ErasureHold
from contract_server.contracts.result import NotPossible, Obstacle
from contract_server.contracts.snapshot import ContractSnapshot, Hold, hold_columns
from contract_server.db.rows import Update, Write, write_rows
from contract_server.db.statements import fetch

_FIND = """
    SELECT id, reference, reason, review_at, released_at FROM erasure_hold
     WHERE contract_id = $1 AND (released_at IS NULL OR id = $2) ORDER BY placed_at DESC, id DESC
"""


async def change_further_hold(
    contract: ContractSnapshot, action: Action, now: datetime, reasons: Reasons
) -> ContractSnapshot | None:
    """Place or release a hold beside others, or find that it is done already.

    Returns:
        The contract after that; None if the action changes whether the contract is on hold, or is about no hold.

    Raises:
        NotPossible: The hold to release is not named, or is none of the contract's.
    """
    if action is Action.HOLD_ERASURE and contract.hold:
        return await _place(contract, contract.hold, now, reasons)
    if action is Action.RELEASE_ERASURE_HOLD:
        return await _release(contract, now, reasons)
    return None


async def _place(contract: ContractSnapshot, hold: Hold, now: datetime, reasons: Reasons) -> ContractSnapshot:
    in_force = await fetch(_FIND, contract.id, None)
    if any(_is_for(row, reasons.terms, reasons.note) for row in in_force):
        return contract
    by = reasons.signature.account_id
    writes: list[Write] = [place_hold(contract.id, now, reasons.terms, reasons.note, by)]
    if not in_force:  # a server of the version before has placed the first hold, without a row
        writes.append(place_hold(contract.id, hold.placed_at, NO_TERMS, hold.reason, None))
    after = replace(contract, hold=replace(hold, reason=reasons.note or ""))
    await _store(after, writes, AuditAction.FURTHER_HOLD_PLACED, reasons.terms.reference, reasons)
    return after


async def _release(contract: ContractSnapshot, now: datetime, reasons: Reasons) -> ContractSnapshot | None:
    rows = await fetch(_FIND, contract.id, reasons.hold_id)
    in_force = [row for row in rows if contract.hold and row["released_at"] is None]
    if reasons.hold_id is None:
        if len(in_force) > 1:
            raise NotPossible(Obstacle.HOLD_NOT_NAMED)
        return None
    named = next((row for row in rows if row["id"] == reasons.hold_id), None)
    if named is None:
        raise NotPossible(Obstacle.HOLD_NOT_FOUND)
    if named not in in_force:
        return contract
    others = [row for row in in_force if row is not named]
    return await _release_one(contract, named, others[0], now, reasons) if others else None


async def _release_one(
    contract: ContractSnapshot,
    released: Any,  # noqa: ANN401 - asyncpg ships no types
    newest: Any,  # noqa: ANN401 - as above
    now: datetime,
    reasons: Reasons,
) -> ContractSnapshot:
    columns = {"id": released["id"], **release_columns(now, reasons.note, reasons.signature.account_id)}
    after = replace(contract, hold=contract.hold and replace(contract.hold, reason=newest["reason"] or ""))
    writes: list[Write] = [Update(ErasureHold, [columns])]
    await _store(after, writes, AuditAction.FURTHER_HOLD_RELEASED, released["reference"], reasons)
    return after


def _is_for(row: Any, terms: HoldTerms, reason: str | None) -> bool:  # noqa: ANN401 - as above
    return (row["reference"], row["review_at"], row["reason"]) == (terms.reference, terms.review_at, reason)


async def _store(
    after: ContractSnapshot, writes: Sequence[Write], action: AuditAction, reference: str | None, reasons: Reasons
) -> None:
    await write_rows(Update(Contract, [{"id": after.id, **hold_columns(after)}]), *writes)
    account_id = reasons.signature.account_id
    await record(action, account_id=account_id, contract_id=after.id, subject=reference, reason=reasons.note)
