"""Startup checks: data that makes a database unfit to serve from."""

from collections.abc import Awaitable

from contract_server.accounts.models import Account
from contract_server.clock import DatabaseClock, TestClockRow
from contract_server.db.availability import is_transient, lacks_schema
from contract_server.development.demo.people import CONTRACTS, OPERATOR_ID
from contract_server.policies.policies import ServedPolicies, served_policies, versions_in_use
from contract_server.settings import Settings, SettingsError

_DEMO_ACCOUNTS = [OPERATOR_ID, *(contract.account_id for contract in CONTRACTS)]


async def find_startup_problem(settings: Settings, policies: ServedPolicies) -> str | None:
    """Return the first problem in one line, or None.

    A production database has no demonstration accounts, because their password is public, and no test clock. Every
    policy version of an application must be available, because its dates could not be explained otherwise.
    """
    in_use = await versions_in_use()
    if missing := policies.missing(in_use):
        return f"POLICY_DIR: applications were made under {policies.name} {', '.join(missing)}; add that version's file"
    today = policies.today(await DatabaseClock().now())
    in_force = [policy for policy in policies.registry if policy.in_force_on(today)]
    if not in_force:
        return f"POLICY_DIR: no version of {policies.name} is in force yet; add the one that is"
    if not settings.development and await Account.filter(id__in=_DEMO_ACCOUNTS).exists():
        return "DATABASE_URL: the database holds the demonstration accounts; use one that was never seeded"
    if not settings.development and await TestClockRow.exists():
        return "DATABASE_URL: the database has a test clock; use one that was never part of development"
    try:
        await policies.record_all([*in_force, *map(policies.version, in_use)])
    except SettingsError as changed:
        return str(changed)
    return None


async def find_known_startup_problem(settings: Settings) -> str | None:
    """Return the first problem, or None if there is none or the database is unavailable or not migrated.

    The database may become available later. Until then `/readyz` fails, and no due action is executed.
    """
    return await if_known(find_startup_problem(settings, served_policies(settings.policy_dir)))


async def if_known(problem: Awaitable[str | None]) -> str | None:
    """Return the problem, or None if the database is unavailable or not migrated."""
    try:
        return await problem
    except Exception as error:
        if not is_transient(error) and not lacks_schema(error):
            raise
    return None
