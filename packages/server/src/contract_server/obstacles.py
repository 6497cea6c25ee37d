"""What is stored in a database and forbids this process to serve from it, whatever the settings say."""

from contract_server.accounts.models import Account
from contract_server.clock import DatabaseClock, TestClockRow
from contract_server.contracts.policies import ServedPolicies, served_policies
from contract_server.db.availability import is_unavailable, lacks_schema
from contract_server.demo.people import CONTRACTS, OPERATOR_ID
from contract_server.settings import Settings

_DEMO_ACCOUNTS = [OPERATOR_ID, *(contract.account_id for contract in CONTRACTS)]


async def find_obstacle(settings: Settings, policies: ServedPolicies) -> str | None:
    """The first thing that forbids it, in one line; None where nothing does.

    Production has neither the accounts whose password everybody knows, nor a database that has lived in another
    time; and without the terms under which an application was made, nobody could be told why its dates are so.
    """
    if missing := await policies.missing_versions():
        return f"POLICY_DIR: applications were made under {policies.name} {', '.join(missing)}; add that version's file"
    today = policies.today(await DatabaseClock().now())
    if not any(policy.in_force_on(today) for policy in policies.registry):
        return f"POLICY_DIR: no version of {policies.name} is in force yet; add the one that is"
    if settings.development:
        return None
    if await Account.filter(id__in=_DEMO_ACCOUNTS).exists():
        return "DATABASE_URL: the database holds the demonstration accounts; use one that was never seeded"
    if await TestClockRow.exists():
        return "DATABASE_URL: the database has a test clock; use one that was never part of development"
    return None


async def find_known_obstacle(settings: Settings) -> str | None:
    """The same; None also where the database cannot be looked at yet.

    It may come up later, and be migrated: until then `/readyz` says so, and nothing that is due is done.
    """
    try:
        return await find_obstacle(settings, served_policies(settings.policy_dir))
    except Exception as error:
        if not is_unavailable(error) and not lacks_schema(error):
            raise
    return None
