"""Which differences a registration has, and when the state of the contract allows them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.server.contracts.registration.states import STATES, State

from contract_server.contracts.registration.differences import (
    NO_DIFFERENCES,
    Company,
    Contractor,
    Differences,
    Member,
    Registration,
    RegistrationRefusal,
    StoredRegistration,
    find_differences,
    find_refusal,
    identify,
)

COMPANY = Company("株式会社あおぞら", "東京都千代田区", "100-0005", "03-0000-0001")
CONTRACTOR = Contractor("青木　春子", "haruko@example.jp")
REN = Member("佐藤 蓮", "ren@example.jp", UUID(int=1))
HANA = Member("山田 花", "hana@example.jp", UUID(int=2))
STORED = StoredRegistration(COMPANY, UUID(int=9), CONTRACTOR, {REN.id: REN, HANA.id: HANA})  # type: ignore[dict-item]


def differences(*members: Member, company: Company = COMPANY, contractor: Contractor = CONTRACTOR) -> Differences:
    wanted = Registration(UUID(int=8), company, contractor, members)
    return find_differences(STORED, identify(STORED.members, members), wanted)


def test_the_same_registration_has_no_differences() -> None:
    assert differences(HANA, REN) == differences(HANA._replace(id=None), REN) == Differences([], [], [], [], [])
    assert not differences(REN, HANA)


def test_each_field_that_differs_is_named() -> None:
    found = differences(REN, HANA, company=COMPANY._replace(name="x"), contractor=CONTRACTOR._replace(email="x"))
    assert (found.company, found.contractor) == (["name"], ["email"])
    assert (found.added, found.changed, found.removed) == ([], [], [])


def test_a_member_that_is_left_out_is_removed() -> None:
    assert differences(REN).removed == [HANA.id]


def test_a_member_is_known_by_the_id_first_and_by_the_address_else() -> None:
    renamed = REN._replace(name="佐藤 蓮太", id=None)
    assert differences(renamed, HANA).changed == [REN.id]
    moved = REN._replace(email="sato@example.jp")
    assert differences(moved, HANA).changed == [REN.id]
    taking_over = Member("佐藤 蓮", "hana@example.jp", REN.id)
    newcomer = Member("山田 花", "hana@example.jp")
    found = differences(taking_over, newcomer)
    assert (found.changed, found.added, found.removed) == ([REN.id], [], [])


ONE_OF_EACH = {
    "company": Differences(company=["name"]),
    "name": Differences(contractor=["name"]),
    "email": Differences(contractor=["email"]),
    "added": Differences(added=[UUID(int=3)]),
    "changed": Differences(changed=[UUID(int=3)]),
    "removed": Differences(removed=[UUID(int=3)]),
}
ALLOWED = {
    State.ACTIVE: set(ONE_OF_EACH),
    State.ACTIVE_HELD: {"email", "added"},
    State.TERMINATED: set(ONE_OF_EACH),
    State.TERMINATED_HELD: {"email", "added"},
    State.SERVICE_ENDED: {"email"},
    State.SERVICE_ENDED_HELD: {"email"},
    State.ERASED: set[str](),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("change", ONE_OF_EACH)
def test_every_change_is_allowed_or_refused_in_every_state(state: State, change: str) -> None:
    facts, now = STATES[state]
    refusal = find_refusal(ONE_OF_EACH[change], facts, now)
    assert (refusal is None) is (change in ALLOWED[state])


def test_a_change_is_refused_from_the_instant_at_which_the_service_ends() -> None:
    facts, ended = STATES[State.SERVICE_ENDED]
    assert facts.application is not None
    end = facts.application.timeline.service_end.at
    assert find_refusal(ONE_OF_EACH["added"], facts, end - timedelta(microseconds=1)) is None
    assert find_refusal(ONE_OF_EACH["added"], facts, end) is RegistrationRefusal.SERVICE_ENDED
    assert ended > end


def test_an_erased_contract_takes_not_even_what_it_had() -> None:
    facts, now = STATES[State.ERASED]
    assert find_refusal(NO_DIFFERENCES, facts, now) is RegistrationRefusal.CONTRACT_ERASED


IDS = st.sampled_from([UUID(int=number) for number in range(1, 4)])
MEMBERS = st.lists(
    st.builds(Member, st.sampled_from("ab"), st.sampled_from("xyz"), st.none() | IDS),
    max_size=4,
    unique_by=lambda member: member.email,
)


def unique_ids(members: list[Member]) -> bool:
    ids = [member.id for member in members if member.id]
    return len(ids) == len(set(ids))


@given(MEMBERS.filter(unique_ids), MEMBERS.filter(unique_ids))
def test_whatever_was_stored_the_differences_lead_to_what_is_wanted(before: list[Member], wanted: list[Member]) -> None:
    stored: dict[UUID, Member] = identify({}, before)
    members = identify(stored, wanted)
    registration = Registration(UUID(int=8), COMPANY, CONTRACTOR, wanted)
    found = find_differences(StoredRegistration(COMPANY, None, CONTRACTOR, stored), members, registration)
    after: dict[UUID, Any] = {id_: member for id_, member in stored.items() if id_ not in found.removed}
    after |= {id_: members[id_] for id_ in (*found.added, *found.changed)}
    assert after == members
    assert sorted((member.name, member.email) for member in after.values()) == sorted(
        (member.name, member.email) for member in wanted
    )
