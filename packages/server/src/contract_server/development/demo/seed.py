"""The demonstration data: an operator, and four contracts at different points of their lifecycle."""

from datetime import datetime, timedelta
from pathlib import Path

from contract_rules import Action, EventType, Granted, decide, new_contract
from contract_rules import Actor as RulesActor
from contract_server.accounts.models import Account, Role, Session
from contract_server.contracts.effects import NO_REASONS, contract_after, writes_for
from contract_server.contracts.models import Company, Contract, ContractEvent, Member
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.db.rows import write_rows
from contract_server.db.transaction import current_connection, transaction
from contract_server.development.demo.people import (
    CONTRACTS,
    OPERATOR_EMAIL,
    OPERATOR_ID,
    OPERATOR_NAME,
    PASSWORD,
    DemoContract,
    member_names,
)
from contract_server.erasure.classification import TABLES
from contract_server.services import Services

_KEPT = {
    "policy_terms",
    "service_account",
    "service_token",
    "sweep_run",
    "tortoise_migrations",
    "webhook_endpoint",
}
_APPEND_ONLY = {"audit_entry", "audit_seal", "erasure_confirmation"}
_EMPTIED = sorted(TABLES.keys() - _KEPT)
_EMPTY = f"""
    LOCK {", ".join(_EMPTIED)};
    TRUNCATE {", ".join(sorted(_APPEND_ONLY))};
    WITH {", ".join(f"{name}_ AS (DELETE FROM {name})" for name in _EMPTIED if name not in _APPEND_ONLY)} SELECT
"""  # noqa: S608 - our own names
"""Truncating a table makes new files for it and for its indexes, which takes longer than deleting a few rows."""

_hashes: dict[str, str] = {}


async def seed_if_empty(services: Services) -> bool:
    """Seed a database that has no accounts yet; return whether it was seeded."""
    if await Account.exists():
        return False
    await reset(services)
    return True


async def reset(services: Services) -> None:
    """Restore the demonstration data and real time; delete all mails and the ledger. Sessions stay valid."""
    password_hash = await _hash_of(PASSWORD, services)
    async with transaction():
        sessions = await Session.all()
        await current_connection().execute_script(_EMPTY)
        await current_connection().execute_query("UPDATE webhook_endpoint SET queued_to = 0")  # the feed begins anew
        now = await services.clock.now()
        for contract in CONTRACTS:
            await _seed(services, contract, password_hash, now)
        await Account.create(
            id=OPERATOR_ID,
            role=Role.OPERATOR,
            name=OPERATOR_NAME,
            email=OPERATOR_EMAIL,
            password_hash=password_hash,
        )
        accounts = {OPERATOR_ID, *(contract.account_id for contract in CONTRACTS)}
        await Session.bulk_create([session for session in sessions if session.account_id in accounts])
    if services.settings.mail_dir is not None:
        _delete_mails(services.settings.mail_dir)
    services.ledger.empty()


async def _hash_of(password: str, services: Services) -> str:
    """Hash a published password, once in a process."""
    if password not in _hashes:
        _hashes[password] = await services.passwords.hash(password)
    return _hashes[password]


async def _seed(services: Services, demo: DemoContract, password_hash: str, now: datetime) -> None:
    started_at = now - timedelta(days=400)
    await Contract.create(
        id=demo.id,
        version=1,
        status=new_contract().status,
        started_on=services.policies.today(started_at),
        applications=0,
    )
    await ContractEvent.create(
        contract_id=demo.id, version=1, at=started_at, type=EventType.STARTED, actor=RulesActor.CONTRACTOR
    )
    await Company.create(
        contract_id=demo.id,
        name=demo.company,
        address=demo.address,
        postal_code=demo.postal_code,
        phone_number=demo.phone_number,
    )
    await Account.create(
        id=demo.account_id,
        role=Role.CONTRACTOR,
        name=demo.contractor,
        email=demo.email,
        password_hash=password_hash,
        contract_id=demo.id,
    )
    await Member.bulk_create(
        [Member(contract_id=demo.id, name=name, email=email) for name, email in member_names(demo)]
    )
    if demo.terminated_days_ago is not None:
        await _terminate(services, demo, now - timedelta(days=demo.terminated_days_ago), now)


async def _terminate(services: Services, demo: DemoContract, requested_at: datetime, now: datetime) -> None:
    """Record a past application and all due actions since then, without mails."""
    contract = ContractSnapshot(demo.id, services.policies.today(now - timedelta(days=400)), new_contract())
    actions = (
        (Action.TERMINATE, RulesActor.CONTRACTOR, requested_at),
        (Action.END_SERVICE, RulesActor.SYSTEM, now),
    )
    await services.policies.record(services.policies.in_force_at(requested_at))
    for action, actor, at in actions:
        decision = decide(services.policies.in_force_at(at), contract.facts, action, actor, at)
        if not isinstance(decision, Granted):
            continue
        after = contract_after(contract, decision, at, NO_REASONS)
        await write_rows(*writes_for(decision, contract, after, at))
        contract = after


def _delete_mails(folder: Path) -> None:
    for mail in folder.glob("*.eml"):
        mail.unlink(missing_ok=True)
