"""The accounts of the demonstration as they are now, for the banner."""

from collections.abc import Iterator
from typing import Any

from contract_rules import Status
from contract_server.accounts.models import Role
from contract_server.contracts.snapshot import APPLICATION_IN_FORCE
from contract_server.db.statements import fetch
from contract_server.development.demo.people import CONTRACTS
from contract_server.development.test_clock import MovableClock

_ACCOUNTS = f"""
    SELECT account.email, account.role, contract.status, applied.requested_on, applied.resumption_last_day,
           applied.resumption_at > {MovableClock.sql} AS resumable,
           (SELECT count(*) FROM member WHERE member.contract_id = contract.id) AS members
      FROM account LEFT JOIN contract ON contract.id = account.contract_id {APPLICATION_IN_FORCE}
     ORDER BY account.id
"""  # noqa: S608 - our own words


async def describe_accounts() -> list[str]:
    """Return a line for each account, and one for the clock where it is ahead of real time."""
    states = {row["email"]: _state(row) for row in await fetch(_ACCOUNTS)}
    lines = [f"{email:<20} {state}" for email, state in [*states.items(), *_erased(states)]]
    if ahead := await MovableClock().moved_by():
        lines.append(f"The clock is {ahead.days} days ahead of real time: make reset-demo returns to it.")
    return lines


def _erased(states: dict[str, str]) -> Iterator[tuple[str, str]]:
    for contract in CONTRACTS:
        if contract.email not in states:
            yield contract.email, "erased: make reset-demo brings it back"


def _state(row: Any) -> str:  # noqa: ANN401 - asyncpg ships no types
    if row["role"] == Role.OPERATOR:
        return "operator"
    if row["status"] == Status.ACTIVE:
        return f"under contract, {row['members']} members"
    terminated = f"terminated on {row['requested_on']}"
    if row["resumable"]:
        return f"{terminated}, may resume until the end of {row['resumption_last_day']}"
    return f"{terminated}, too late to resume"
