"""`putRegistration`: another service replaces all that is registered of a contract."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.addresses import ADDRESSES, Written
from tests.server.integration.registering import COMPANY, CONTRACTOR, log_in_service, put
from tests.server.running import PASSWORD, Client, Running

REN = {"id": str(UUID(int=1)), "name": "佐藤 蓮", "email": "ren@example.jp"}
HANA = {"id": str(UUID(int=2)), "name": "山田 花", "email": "hana@example.jp"}
CONTRACT = """
{ viewer { contract {
  version memberCount company { name address postalCode phoneNumber } contractor { name email }
  events(last: 2) { nodes { type actor } }
} } }
"""


@pytest.fixture
async def gateway(client: Client, service: Running) -> Client:
    """A client that asks as a service, for a contract with one member."""
    await log_in_service(client, service)
    answer = await put(client, [REN])
    assert answer["__typename"] == "RegistrationPut", answer
    return client


async def seen_by_contractor(service: Running, email: str = "active@example.jp") -> Any:  # noqa: ANN401 - JSON
    async with service.client() as contractor:
        await contractor.log_in(email, PASSWORD)
        return (await contractor.ask(CONTRACT))["viewer"]["contract"]


async def test_the_contractor_sees_what_a_service_has_registered(gateway: Client, service: Running) -> None:
    moved = {"name": "青木 夏子", "email": "natsuko@例え.jp"}
    answer = await put(gateway, [HANA, {"name": "会員", "email": "member"}], contractor=moved)
    assert (answer["membersAdded"], answer["membersChanged"], answer["membersRemoved"]) == (2, 0, 1)
    contract = await seen_by_contractor(service, "natsuko@例え.jp")
    assert contract == {
        "version": answer["version"],
        "memberCount": 2,
        "company": COMPANY,
        "contractor": {"name": "青木 夏子", "email": "natsuko@xn--r8jz45g.jp"},
        "events": {
            "nodes": [
                {"type": "REGISTRATION_CHANGED", "actor": "SYSTEM"},
                {"type": "MEMBERS_REMOVED", "actor": "SYSTEM"},
            ]
        },
    }


async def test_the_same_again_changes_nothing_whatever_version_was_expected(gateway: Client) -> None:
    first = await put(gateway, [REN])
    again = await put(gateway, [REN], expectedVersion=1)
    assert again == first
    assert first["membersAdded"] == 0


async def test_a_key_gives_the_first_answer_again_even_after_another_change(gateway: Client) -> None:
    first = await put(gateway, [REN, HANA], idempotencyKey="once")
    assert (await put(gateway, []))["membersRemoved"] == 2
    assert await put(gateway, [REN, HANA], idempotencyKey="once") == first
    assert (await put(gateway, []))["membersRemoved"] == 0
    assert (await put(gateway, [REN], idempotencyKey="once"))["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_one_key_twice_at_once_is_answered_alike(gateway: Client) -> None:
    answers = await asyncio.gather(*(put(gateway, [REN, HANA], idempotencyKey="race") for _ in range(2)))
    assert answers[0] == answers[1]


async def test_a_version_that_has_passed_is_refused_with_the_present_one(gateway: Client) -> None:
    now = (await put(gateway, [REN, HANA]))["version"]
    refused = await put(gateway, [], expectedVersion=now - 1)
    assert (refused["code"], refused["version"]) == ("STALE_CONTRACT", now)


async def test_what_another_has_is_refused(gateway: Client) -> None:
    taken = await put(gateway, [], contractor=CONTRACTOR | {"email": "grace@example.jp"})
    assert (taken["__typename"], taken["code"]) == ("RegistrationRefused", "EMAIL_TAKEN")
    unknown = await put(gateway, [], contractId=str(UUID(int=0)))
    assert unknown["code"] == "CONTRACT_NOT_FOUND"


@pytest.mark.parametrize(
    ("members", "changes", "path"),
    [
        ([REN, REN | {"email": "x"}], {}, ["members", "1", "id"]),
        ([REN, HANA | {"email": REN["email"]}], {}, ["members", "1", "email"]),
        ([REN | {"id": "1"}], {}, ["members", "0", "id"]),
        ([REN | {"name": ""}], {}, ["members", "0", "name"]),
        ([], {"company": COMPANY | {"postalCode": ""}}, ["company", "postalCode"]),
        ([], {"company": COMPANY | {"name": "x" * 201}}, ["company", "name"]),
        ([], {"idempotencyKey": ""}, ["idempotencyKey"]),
    ],
)
async def test_a_value_that_does_not_fit_is_named_by_its_place(
    gateway: Client, members: list[dict[str, Any]], changes: dict[str, Any], path: list[str]
) -> None:
    answer = await put(gateway, members, **changes)
    assert (answer["code"], answer["path"]) == ("INVALID_INPUT", ["input", *path])


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.text)
async def test_the_contractors_address_is_taken_or_refused_as_everywhere(gateway: Client, address: Written) -> None:
    answer = await put(gateway, [REN], contractor=CONTRACTOR | {"email": address.text})
    assert answer["__typename"] == ("RegistrationPut" if address.registered else "InvalidInput")
    if address.spelling:
        assert address.spelling in answer["message"]
