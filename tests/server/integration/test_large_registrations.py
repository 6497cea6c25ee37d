"""A whole registration may be larger than other requests, if the token permits to write it."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.conftest import seeded_database
from tests.server.hostile.heartbeat import LONGEST_HOLD, longest_hold
from tests.server.in_process import development_settings, served
from tests.server.integration.registering import PUT, log_in_service, put, registration
from tests.server.running import Client, Running

from contract_server.connections.body_limit import LARGEST_BODY
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.graphql.execution.query_cost import REGISTRATION_VALUES, VALUES
from contract_server.graphql.http.large_requests import LARGEST_REGISTRATION
from contract_server.integration.models import Scope
from contract_server.services import build_services

VALUES_OF_A_MEMBER = 4  # the member itself, its id, name and address
MOST_MEMBERS = REGISTRATION_VALUES // VALUES_OF_A_MEMBER - 10
SOME_MEMBERS = VALUES // VALUES_OF_A_MEMBER  # too many values for other requests, in a body that is not too long


def members(number: int) -> list[dict[str, Any]]:
    return [
        {"id": str(UUID(int=index)), "name": f"会員 {index}", "email": f"{index}@example.jp"} for index in range(number)
    ]


def body_of(number: int) -> bytes:
    return json.dumps({"query": PUT, "variables": {"input": registration(members(number))}}).encode()


async def post(client: Client, body: bytes) -> httpx.Response:
    return await client.http.post("/graphql", content=body, headers={"Content-Type": "application/json"})


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


async def test_a_registration_of_thousands_of_members_is_replaced_as_a_whole(client: Client, service: Running) -> None:
    await log_in_service(client, service)
    assert len(body_of(MOST_MEMBERS)) > LARGEST_BODY
    first = await put(client, members(MOST_MEMBERS))
    assert first["__typename"] == "RegistrationPut", first
    again = await put(client, members(MOST_MEMBERS)[1:])
    assert (again["membersAdded"], again["membersChanged"], again["membersRemoved"]) == (0, 0, 1)


@pytest.mark.parametrize("number", [SOME_MEMBERS, MOST_MEMBERS])
@pytest.mark.parametrize("scope", [None, *(scope for scope in Scope if scope is not Scope.REGISTRATIONS)])
async def test_no_other_token_makes_room(client: Client, service: Running, scope: Scope | None, number: int) -> None:
    if scope:
        await log_in_service(client, service, scope)
    else:
        client.http.headers["Authorization"] = "Bearer svc_unknown"
    status = 200 if number == SOME_MEMBERS else 413
    assert code_of(await post(client, body_of(number))) == (status, "BAD_USER_INPUT")


async def test_a_person_has_no_more_room_than_a_stranger(client: Client) -> None:
    await client.log_in("operator@example.jp")
    assert code_of(await post(client, body_of(MOST_MEMBERS))) == (413, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("body", "status"),
    [(body_of(MOST_MEMBERS + 20), 200), (b" " * (LARGEST_REGISTRATION + 1), 413), (b" " * LARGEST_REGISTRATION, 400)],
    ids=["values", "length", "no request"],
)
async def test_there_are_limits_for_registrations_too(
    client: Client, service: Running, body: bytes, status: int
) -> None:
    await log_in_service(client, service)
    assert code_of(await post(client, body)) == (status, "BAD_USER_INPUT")


async def test_a_length_that_is_not_declared_has_the_usual_limit(client: Client, service: Running) -> None:
    await log_in_service(client, service)

    async def pieces() -> Any:  # noqa: ANN401 - what httpx sends in chunks
        yield body_of(MOST_MEMBERS)

    headers = {"Content-Type": "application/json"}
    response = await client.http.post("/graphql", content=pieces(), headers=headers)
    assert code_of(response) == (413, "BAD_USER_INPUT")


@pytest.mark.usefixtures("frozen_garbage")
async def test_the_largest_registration_holds_no_other_request_for_long(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    settings = development_settings(await seeded_database(postgres), tmp_path)
    async with served(settings) as client:
        services = build_services(settings)
        token = await services.service_accounts.add("registry", [Scope.REGISTRATIONS])
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        answers = []

        async def ask() -> None:
            answers.append(await client.post("/graphql", content=body_of(MOST_MEMBERS), headers=headers))

        holds = [await longest_hold(ask()) for _ in range(2)]
        await services.close()
    assert [answer.json()["data"]["putRegistration"]["__typename"] for answer in answers] == ["RegistrationPut"] * 2
    assert max(holds) < LONGEST_HOLD
