"""The served policy, in all versions to which applications refer.

An application stores its dates; their explanation is read from the terms of its version. The terms are therefore
recorded when a version is first used, and a process with other terms in its file does not start. A version is first
used when it is in force at the start of a process, or when an application names it. A version that comes into force
while processes run is recorded before the first application under it. Each process remembers the recorded versions, so
that later applications cost no statement. Until it is recorded, a file may be edited.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import date, datetime, time
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from contract_rules import (
    DeadlineKind,
    Period,
    Policy,
    PolicyError,
    PolicyRegistry,
    Unit,
    changed_terms,
    shipped_policies,
)
from contract_server.db.statements import execute, fetch
from contract_server.policies.models import PolicyTerms
from contract_server.settings import SettingsError
from contract_server.visible_text import is_visible

# One index look-up for each version, independent of the number of applications.
_VERSIONS_IN_USE = """
    WITH RECURSIVE found (version) AS (
        SELECT min(policy_version) FROM termination_application
        UNION ALL
        SELECT (SELECT min(policy_version) FROM termination_application WHERE policy_version > found.version)
          FROM found WHERE found.version IS NOT NULL
    )
    SELECT version FROM found WHERE version IS NOT NULL
"""

_RECORD = "INSERT INTO policy_terms (version, fingerprint, terms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"

_LONGEST_VERSION = 50
"""As an application stores it."""


class PastDay(Exception):
    """A day was given that has passed."""


class ServedPolicies:
    """The versions of one policy, in one time zone; on every day after the first valid one, one is in force.

    Their periods are numbers of days, as the API and the mails present them.

    Raises:
        PolicyError: The versions do not fit together.
    """

    def __init__(self, registry: PolicyRegistry) -> None:
        self.registry = registry
        self._found_recorded: set[str] = set()
        first, *_ = registry
        self.name = first.name
        self.zone: ZoneInfo = first.zone
        for policy in registry:
            if (policy.name, policy.zone) != (self.name, self.zone):
                raise PolicyError(f"{policy.name} {policy.version}: write the name and the zone of the other versions")
            if len(policy.version) > _LONGEST_VERSION or not is_visible(policy.name + policy.version):
                raise PolicyError(
                    f"{policy.source}: write a printable name, and a version of at most {_LONGEST_VERSION} characters"
                )
            for kind in DeadlineKind:
                period = policy.period(kind)
                if period != Period(Unit.DAY, period.count):
                    raise PolicyError(
                        f"{policy.name} {policy.version}: write {kind} as a number of days and nothing else,"
                        " because the API and the mails present that number"
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
        """Return the calendar day of an instant, in the contractors' zone."""
        return now.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """Return the last instant of a calendar day, in the contractors' zone."""
        return datetime.combine(day, time.max, self.zone)

    def start_of(self, day: date) -> datetime:
        """Return the first instant of a calendar day, in the contractors' zone."""
        return datetime.combine(day, time.min, self.zone)

    def start_of_coming(self, day: date, now: datetime) -> datetime:
        """Return the first instant of today or a later day.

        Raises:
            PastDay: The day has passed.
        """
        if day < self.today(now):
            raise PastDay
        return self.start_of(day)

    def in_force_at(self, now: datetime) -> Policy:
        """Return the policy for an application made at that instant."""
        return self.registry.in_force(self.today(now))

    def version(self, version: str) -> Policy:
        """Return the policy of an application."""
        return self.registry.version(self.name, version)

    def missing(self, versions: Iterable[str]) -> list[str]:
        """Return the versions that are not served."""
        known = {policy.version for policy in self.registry}
        return [version for version in versions if version not in known]

    async def record(self, policy: Policy) -> None:
        """Record a policy's terms before the first promise under them.

        Raises:
            SettingsError: Other terms were recorded for the version.
        """
        if policy.version not in self._found_recorded:
            await self.record_all([policy])

    async def record_all(self, used: Collection[Policy]) -> None:
        """Record the terms of used versions, each once, and compare all versions with what was recorded.

        If two processes record one version concurrently, the second waits for the first, and compares.

        Raises:
            SettingsError: Other terms were recorded for a version.
        """
        recorded = await _recorded_terms()
        found = recorded.keys()
        if new := [policy for policy in used if policy.version not in recorded]:
            for policy in new:
                await _record(policy)
            recorded = await _recorded_terms()
        for policy in self.registry:
            if policy.version in recorded:
                _require_unchanged(recorded[policy.version], policy)
        self._found_recorded |= found  # not what was recorded here: the transaction may be rolled back


async def versions_in_use() -> list[str]:
    """Return the versions of stored applications."""
    rows = await fetch(_VERSIONS_IN_USE)
    return [row["version"] for row in rows]


async def _recorded_terms() -> dict[str, PolicyTerms]:
    return {terms.version: terms for terms in await PolicyTerms.all()}


async def _record(policy: Policy) -> None:
    terms = orjson.dumps(policy.terms).decode()
    with suppress(asyncpg.ReadOnlySQLTransactionError):  # such a database accepts no application either
        await execute(_RECORD, policy.version, policy.fingerprint, terms)


def _require_unchanged(recorded: PolicyTerms, policy: Policy) -> None:
    if policy.fingerprint == recorded.fingerprint:
        return
    changes = ", ".join(changed_terms(recorded.terms, policy.terms))
    raise SettingsError(
        f"POLICY_DIR: {policy.source}: {policy.name} {policy.version} is in use, and its terms have changed"
        f" ({changes}); restore the file, and write new terms into a new file with a new version and a valid_from"
    )


def served_policies(folder: Path | None = None) -> ServedPolicies:
    """Read the policies of the folder, or those that `contract_rules` ships.

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
