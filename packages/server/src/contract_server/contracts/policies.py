"""The policy that this server serves, in all its versions: applications refer to the one they were made under."""

from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from contract_rules import DeadlineKind, Period, Policy, PolicyError, PolicyRegistry, Unit, shipped_policies
from contract_server.db.transaction import current_connection
from contract_server.settings import SettingsError

# One look into the index for each version, however many applications there are.
_VERSIONS_IN_USE = """
    WITH RECURSIVE found (version) AS (
        SELECT min(policy_version) FROM termination_application
        UNION ALL
        SELECT (SELECT min(policy_version) FROM termination_application WHERE policy_version > found.version)
          FROM found WHERE found.version IS NOT NULL
    )
    SELECT version FROM found WHERE version IS NOT NULL
"""


class ServedPolicies:
    """The versions of one policy, all in one time zone: on every day from the first of them on, one is in force.

    Their periods are numbers of days, as the API and the mails tell them.

    Raises:
        PolicyError: They are not that.
    """

    def __init__(self, registry: PolicyRegistry) -> None:
        self.registry = registry
        first, *_ = registry
        self.name = first.name
        self.zone: ZoneInfo = first.zone
        for policy in registry:
            if (policy.name, policy.zone) != (self.name, self.zone):
                raise PolicyError(f"{policy.name} {policy.version}: write the name and the zone of the other versions")
            for kind in DeadlineKind:
                period = policy.period(kind)
                if period != Period(Unit.DAY, period.count):
                    raise PolicyError(
                        f"{policy.name} {policy.version}: write {kind} as a number of days and nothing else,"
                        " because that number is what everybody is told"
                    )
        for before, after in pairwise(registry):
            if before.valid_until != after.valid_from:
                raise PolicyError(
                    f"{after.version}: write valid_from = {before.valid_until}, the first day without {before.version}"
                )
        *_, last = registry
        if last.valid_until is not None:
            raise PolicyError(f"{last.version}: write no valid_until, because no version follows")

    def today(self, now: datetime) -> date:
        """The calendar day of an instant, where the contractors are."""
        return now.astimezone(self.zone).date()

    def in_force_at(self, now: datetime) -> Policy:
        """The policy under which an application made at that instant falls."""
        return self.registry.in_force(self.today(now))

    def version(self, version: str) -> Policy:
        """The policy that an application was made under."""
        return self.registry.version(self.name, version)

    async def missing_versions(self) -> list[str]:
        """The versions that stored applications were made under, and that are not among these."""
        rows = await current_connection().execute_query_dict(_VERSIONS_IN_USE)
        known = {policy.version for policy in self.registry}
        return [row["version"] for row in rows if row["version"] not in known]


def served_policies(folder: Path | None = None) -> ServedPolicies:
    """Those of the folder, or those that `contract_rules` ships.

    Raises:
        SettingsError: The folder does not hold the versions of one policy.
    """
    if folder is None:
        return ServedPolicies(shipped_policies())
    try:
        return ServedPolicies(PolicyRegistry.from_folder(folder))
    except OSError as error:
        raise SettingsError(f"POLICY_DIR: {folder} cannot be read ({type(error).__name__})") from None
    except PolicyError as error:
        raise SettingsError(f"POLICY_DIR: {folder}: {error}") from None
