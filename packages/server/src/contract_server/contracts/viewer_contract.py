"""The viewer of a request, with their contract as it stands.

One statement reads all that most requests need: who asks, whether the session is open, what time it is, the contract
and its company.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from contract_server.accounts.models import Role
from contract_server.accounts.tokens import hash_token
from contract_server.accounts.viewer import Viewer
from contract_server.clock import Clock
from contract_server.contracts.snapshot import APPLICATION_IN_FORCE, SNAPSHOT_COLUMNS, ContractSnapshot, snapshot_of
from contract_server.db.statements import fetch

_VIEWER_CONTRACT = f"""
    SELECT session.id AS session_id, session.expires_at, session.last_used_at, session.second_factor_at,
           clock_timestamp() AS real_now, account.second_factor_since,
           account.id AS account_id, account.role, account.name, account.email, account.contract_id AS own_contract_id,
           company.name AS company_name, company.address, company.postal_code, company.phone_number,
           {{now}} AS now, {SNAPSHOT_COLUMNS}
      FROM session
      JOIN account ON account.id = session.account_id AND account.disabled_at IS NULL
      LEFT JOIN contract ON contract.id = account.contract_id
      LEFT JOIN company ON company.contract_id = contract.id
      {APPLICATION_IN_FORCE}
     WHERE session.token_hash = $1
"""  # noqa: S608 - our own columns
_RECORD_USE = "UPDATE session SET last_used_at = $2 WHERE id = $1"
_USE_RECORDED_EVERY = timedelta(minutes=1)


class CompanyProfile(NamedTuple):
    """The contractor's company, as it is shown."""

    name: str
    address: str
    postal_code: str
    phone_number: str


class ViewerContract(NamedTuple):
    """A viewer with their contract and company, read at one instant of the contracts' clock."""

    viewer: Viewer
    now: datetime
    contract: ContractSnapshot | None
    company: CompanyProfile | None

    def shows(self, contract_id: UUID) -> bool:
        """Whether this contract is the one that was read."""
        return self.contract is not None and self.contract.id == contract_id


async def find_viewer_contract(token: str, clock: Clock, idle_limit: timedelta) -> ViewerContract | None:
    """Find the viewer of a session token, with their contract; None if the session is unknown or has ended."""
    rows = await fetch(_statement(clock.sql), hash_token(token))
    if not rows:
        return None
    row = rows[0]
    now = row["real_now"]
    if now >= min(row["expires_at"], row["last_used_at"] + idle_limit):
        return None
    if now - row["last_used_at"] >= _USE_RECORDED_EVERY:
        await fetch(_RECORD_USE, row["session_id"], now)
    return ViewerContract(
        viewer=Viewer(
            account_id=row["account_id"],
            session_id=row["session_id"],
            name=row["name"],
            email=row["email"],
            role=Role[row["role"]],
            contract_id=row["own_contract_id"],
            session_expires_at=min(row["expires_at"], now + idle_limit),
            has_second_factor=row["second_factor_since"] is not None,
            second_factor_age=now - row["second_factor_at"] if row["second_factor_at"] else None,
        ),
        now=row["now"],
        contract=None if row["contract_id"] is None else snapshot_of(row),
        company=None if row["company_name"] is None else _company(row),
    )


@lru_cache(maxsize=8)
def _statement(now: str) -> str:
    return _VIEWER_CONTRACT.format(now=now)


def _company(row: Any) -> CompanyProfile:  # noqa: ANN401 - asyncpg ships no types
    return CompanyProfile(row["company_name"], row["address"], row["postal_code"], row["phone_number"])
