"""A registration, how it differs from the stored one, and whether it may replace it. Pure: no I/O.

Theory. A registration is whole: what it does not name is removed. It replaces the stored one while the service can be
used. After that, the contractor's address alone may change, because mails still go there. While the erasure is on hold,
nothing that is registered may be lost: members may be added, and the contractor's address may change, nothing else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from contract_rules import Facts, Status, service_available


class Company(NamedTuple):
    """会社名, 会社住所, 郵便番号, 電話番号."""

    name: str
    address: str
    postal_code: str
    phone_number: str


class Contractor(NamedTuple):
    """契約者."""

    name: str
    email: str


class Member(NamedTuple):
    """会員. Without an id, it is the stored member with this address, or else a new one."""

    name: str
    email: str
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """All that is to be registered of a contract; `expected_version` is the version that its sender saw."""

    contract_id: UUID
    company: Company
    contractor: Contractor
    members: Sequence[Member]
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class StoredRegistration:
    """What is registered now; without an account, there is no contractor."""

    company: Company | None
    account_id: UUID | None
    contractor: Contractor | None
    members: Mapping[UUID, Member]


@dataclass(frozen=True, slots=True)
class Differences:
    """What a registration changes: names of fields, and ids of members. It has nothing personal."""

    company: Sequence[str] = ()
    contractor: Sequence[str] = ()
    added: Sequence[UUID] = ()
    changed: Sequence[UUID] = ()
    removed: Sequence[UUID] = ()

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return any((self.company, self.contractor, self.added, self.changed, self.removed))

    @property
    def more_than_address(self) -> bool:
        """Whether more changes than the contractor's address."""
        return self.replaces_data or bool(self.added)

    @property
    def replaces_data(self) -> bool:
        """Whether anything registered is lost, beside the contractor's address."""
        return any((self.company, "name" in self.contractor, self.changed, self.removed))


NO_DIFFERENCES = Differences()


class RegistrationRefusal(StrEnum):
    """Why a registration does not replace the stored one."""

    CONTRACT_NOT_FOUND = "CONTRACT_NOT_FOUND"
    CONTRACT_ERASED = "CONTRACT_ERASED"
    SERVICE_ENDED = "SERVICE_ENDED"
    ERASURE_HELD = "ERASURE_HELD"
    STALE_CONTRACT = "STALE_CONTRACT"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    MEMBER_ID_TAKEN = "MEMBER_ID_TAKEN"
    NO_CONTRACTOR = "NO_CONTRACTOR"


def find_differences(stored: StoredRegistration, members: Mapping[UUID, Member], wanted: Registration) -> Differences:
    """Compare a registration with the stored one; `members` are the wanted ones as `identify` returns them."""
    return Differences(
        company=_changed_fields(stored.company, wanted.company),
        contractor=_changed_fields(stored.contractor, wanted.contractor),
        added=[id_ for id_ in members if id_ not in stored.members],
        changed=[id_ for id_, member in members.items() if stored.members.get(id_, member) != member],
        removed=[id_ for id_ in stored.members if id_ not in members],
    )


def identify(stored: Mapping[UUID, Member], wanted: Iterable[Member]) -> dict[UUID, Member]:
    """Find the id of each member: its own, that of the stored member with its address, or a new one."""
    wanted = list(wanted)
    named = {member.id for member in wanted}
    by_email = {member.email: id_ for id_, member in stored.items() if id_ not in named}
    found = {}
    for member in wanted:
        id_ = member.id or by_email.pop(member.email, None) or uuid7()
        found[id_] = member._replace(id=id_)
    return found


def find_refusal(differences: Differences, facts: Facts, now: datetime) -> RegistrationRefusal | None:
    """Return why the state of the contract does not allow the differences, or None."""
    if facts.status is Status.ERASED:
        return RegistrationRefusal.CONTRACT_ERASED
    if differences.more_than_address and not service_available(facts, now):
        return RegistrationRefusal.SERVICE_ENDED
    if differences.replaces_data and facts.erasure_held:
        return RegistrationRefusal.ERASURE_HELD
    return None


def _changed_fields(stored: Company | Contractor | None, wanted: Company | Contractor) -> list[str]:
    before = stored._asdict() if stored else {}
    return [name for name, value in wanted._asdict().items() if before.get(name) != value]
