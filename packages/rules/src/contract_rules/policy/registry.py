"""The registry: which policy is in force on a date, and which one an application was made under.

It holds the versions of one product's terms, or of several products', told apart by the names of their policies.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Self

from contract_rules.instants import require_date
from contract_rules.policy.terms import Policy, PolicyError, require_policy
from contract_rules.policy.timeline import Timeline
from contract_rules.policy.toml import parse_policy


class PolicyNotFound(LookupError):
    """No policy of that name and version, or none in force on that date."""


class PolicyRegistry:
    """The versions of the terms over time: of each name, at most one is in force on every date of application.

    Where only one name is held, it may be left out of a question.

    Raises:
        PolicyError: there is none, two have the same name and version, or two of a name are in force on the same date.
    """

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._policies = tuple(sorted(policies, key=lambda policy: (policy.name, policy.valid_from or date.min)))
        if not self._policies:
            raise PolicyError("a registry needs a policy: write at least one")
        self._by_version: dict[tuple[str, str], Policy] = {}
        self._by_name: dict[str, list[Policy]] = {}
        for policy in self._policies:
            if twin := self._by_version.get((policy.name, policy.version)):
                raise PolicyError(
                    f"version: {twin.source} and {policy.source} both say {policy.name} {policy.version}: "
                    "give each its own"
                )
            self._by_version[policy.name, policy.version] = policy
            self._by_name.setdefault(policy.name, []).append(policy)
        for before, after in zip(self._policies, self._policies[1:], strict=False):
            self._check_overlap(before, after)

    @staticmethod
    def _check_overlap(before: Policy, after: Policy) -> None:
        begins = after.valid_from or date.min
        if before.name == after.name and before.in_force_on(begins):
            raise PolicyError(
                f"valid_until: {before.name} {before.version} is still in force when {after.name} "
                f"{after.version} begins: end it with the other's valid_from, {begins}"
            )

    @classmethod
    def from_folder(cls, folder: Traversable) -> Self:
        """The policies in a folder's `.toml` files; a `pathlib.Path` serves as folder.

        Raises:
            PolicyError: a file is not a policy, or the policies contradict each other.

        >>> from importlib import resources
        >>> len(PolicyRegistry.from_folder(resources.files("contract_rules") / "policies"))
        1
        """
        files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
        return cls(parse_policy(_text_of(file), source=file.name) for file in files)

    def __len__(self) -> int:
        """How many versions there are."""
        return len(self._policies)

    def __iter__(self) -> Iterator[Policy]:
        """The policies by name, and of each name the first in force first."""
        return iter(self._policies)

    def in_force(self, on: date, name: str | None = None) -> Policy:
        """The policy of that name under which an application made on that date falls.

        Raises:
            ValueError: the date is a datetime, which `in_force_at` takes; or the name is left out, and the registry
                holds several.
            PolicyNotFound: none is in force on that date.

        >>> shipped_policies().in_force(date(2024, 3, 1)).version
        '1.0'
        """
        require_date(on, "ask in_force_at for the policy at an instant")
        for policy in self._named(name):
            if policy.in_force_on(on):
                return policy
        raise PolicyNotFound(f"no policy is in force on {on}")

    def in_force_at(self, instant: datetime, name: str | None = None) -> Policy:
        """The policy of that name under which an application accepted at that instant falls, by its own zone's date.

        Raises:
            ValueError: the instant has no UTC offset; or the name is left out, and the registry holds several.
            PolicyNotFound: none is in force then.
            DateOutOfRange: the date lies outside the years 1 to 9999.

        >>> shipped_policies().in_force_at(datetime.fromisoformat("2024-03-01T00:00+09:00")).version
        '1.0'
        """
        for policy in self._named(name):
            if policy.in_force_on(policy.local_date(instant)):
                return policy
        raise PolicyNotFound(f"no policy is in force at {instant.isoformat()}")

    def _named(self, name: str | None) -> list[Policy]:
        if name is None and len(self._by_name) == 1:
            (policies,) = self._by_name.values()
            return policies
        if name is None:
            raise ValueError(f"the registry holds {', '.join(self._by_name)}: give the name of one")
        if name not in self._by_name:
            raise PolicyNotFound(f"no policy {name}: the registry holds {', '.join(self._by_name)}")
        return self._by_name[name]

    def version(self, name: str, version: str) -> Policy:
        """The policy that an application was made under, by what was stored with it.

        Raises:
            PolicyNotFound: there is no such version; versions that applications refer to must be kept.

        >>> shipped_policies().version("omakase-login", "1.0").zone.key
        'Asia/Tokyo'
        """
        try:
            return self._by_version[name, version]
        except KeyError:
            raise PolicyNotFound(f"no policy {name} of version {version}") from None

    def of(self, timeline: Timeline) -> Policy:
        """The policy under which those dates were promised.

        Raises:
            PolicyNotFound: the registry does not have that version.

        >>> policies = shipped_policies()
        >>> policies.of(policies.in_force(date(2024, 3, 1)).timeline_on(date(2024, 3, 1))).name
        'omakase-login'
        """
        return self.version(timeline.policy_name, timeline.policy_version)


def terms_of(timeline: Timeline, policies: Policy | PolicyRegistry) -> Policy:
    """The policy under which those dates were promised: the one given, or the one that the registry has.

    Raises:
        ValueError: the policy given is another one, or counts in another zone; or it is neither.
        PolicyNotFound: the registry does not have that version.
    """
    policy = policies.of(timeline) if isinstance(policies, PolicyRegistry) else policies
    require_policy(policy)
    if (policy.name, policy.version, policy.zone.key) != (
        timeline.policy_name,
        timeline.policy_version,
        timeline.zone.key,
    ):
        raise ValueError(
            f"these dates were promised by {timeline.policy_name} {timeline.policy_version} in {timeline.zone.key}, "
            f"not by {policy.name} {policy.version} in {policy.zone.key}: give the registry, or its `of(timeline)`"
        )
    return policy


def _text_of(file: Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")  # as editors on Windows write it, too
    except UnicodeDecodeError:
        raise PolicyError(f"{file.name}: not UTF-8 text") from None


@cache
def shipped_policies() -> PolicyRegistry:
    """The terms of おまかせログイン, every version that was ever in force.

    >>> [policy.name for policy in shipped_policies()]
    ['omakase-login']
    """
    return PolicyRegistry.from_folder(resources.files("contract_rules") / "policies")
