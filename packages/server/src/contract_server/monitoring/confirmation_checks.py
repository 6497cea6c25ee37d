"""Checks of what other services have to say of erased contracts: they name the services and some of the contracts."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contract_server.erasure.confirmations import COUNTED, Overdue, find_retained_too_long, find_unconfirmed

LISTED = 3
"""The maximum number of contracts that are named for each service."""


async def check_confirmations(now: datetime) -> dict[str, tuple[int, str]]:
    """Return the number of what is overdue, and what it is, by the name of the check."""
    unconfirmed, retained = await find_unconfirmed(now), await find_retained_too_long(now)
    return {
        "confirmations": (
            len(unconfirmed),
            _describe(unconfirmed, "Erasures that services did not confirm within seven days")
            or "Every service confirms each erasure within seven days.",
        ),
        "retained": (
            len(retained),
            _describe(retained, "What services retain beyond the day that they named")
            or "No service retains anything beyond the day that it named.",
        ),
    }


async def count_overdue_confirmations(now: datetime) -> int:
    """Count what services have not confirmed in time, or retain for too long."""
    return sum([count for count, _ in (await check_confirmations(now)).values()])


def _describe(overdue: Sequence[Overdue], what: str) -> str:
    contracts: dict[str, list[UUID]] = defaultdict(list)
    for each in overdue:
        contracts[each.service_name].append(each.contract_id)
    services = "; ".join(f"{name}: {_list(ids)}" for name, ids in contracts.items())
    more = f" (the {COUNTED} oldest)" * (len(overdue) == COUNTED)
    return f"{what}{more}: {services}." if services else ""


def _list(contract_ids: Sequence[UUID]) -> str:
    named = ", ".join(map(str, contract_ids[:LISTED]))
    return f"{len(contract_ids)} ({named}{', ...' * (len(contract_ids) > LISTED)})"
