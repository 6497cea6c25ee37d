"""The policy that this server serves, in all its versions: applications refer to the one they were made under."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from contract_rules import Policy, PolicyRegistry, shipped_policies

POLICY_NAME = "omakase-login"


class ServedPolicies:
    """The versions of one policy, all in one time zone."""

    def __init__(self, registry: PolicyRegistry) -> None:
        self.registry = registry
        self.zone: ZoneInfo = next(iter(registry)).zone

    def today(self, now: datetime) -> date:
        """The calendar day of an instant, where the contractors are."""
        return now.astimezone(self.zone).date()

    def in_force_at(self, now: datetime) -> Policy:
        """The policy under which an application made at that instant falls."""
        return self.registry.in_force(self.today(now))

    def version(self, version: str) -> Policy:
        """The policy that an application was made under."""
        return self.registry.version(POLICY_NAME, version)


def served_policies() -> ServedPolicies:
    """Those that `contract_rules` ships."""
    return ServedPolicies(shipped_policies())
