"""Ask for `putRegistration` as another service does."""

from collections.abc import Sequence
from typing import Any

from tests.server.integration.service_tokens import open_service
from tests.server.running import ACTIVE_CONTRACT, Client, Running

from contract_server.integration.models import Scope

PUT = """
mutation ($input: PutRegistrationInput!) {
  putRegistration(input: $input) {
    __typename
    ... on RegistrationPut { contractId version membersAdded membersChanged membersRemoved }
    ... on Problem { code message }
    ... on RegistrationRefused { version }
    ... on InvalidInput { path }
  }
}
"""
COMPANY = {
    "name": "株式会社ひだまり",
    "address": "東京都千代田区",
    "postalCode": "100-0005",
    "phoneNumber": "03-0000-0001",
}
CONTRACTOR = {"name": "青木 春子", "email": "active@example.jp"}


def registration(members: Sequence[dict[str, Any]], **changes: object) -> dict[str, Any]:
    """The input of a registration of the active contract."""
    whole = {"contractId": ACTIVE_CONTRACT, "company": COMPANY, "contractor": CONTRACTOR, "members": [*members]}
    return whole | changes


async def log_in_service(client: Client, service: Running, *scopes: Scope) -> None:
    """Send a new service's token with each request."""
    token = await open_service(service, *(scopes or (Scope.REGISTRATIONS,)))
    client.http.headers["Authorization"] = f"Bearer {token}"


async def put_registration(
    client: Client, service: Running, *, members: Sequence[dict[str, Any]], **changes: object
) -> dict[str, Any]:
    """Put a registration of the active contract as a new service, and return the answer."""
    await log_in_service(client, service)
    return await put(client, members, **changes)


async def put(client: Client, members: Sequence[dict[str, Any]], **changes: object) -> dict[str, Any]:
    """Put a registration of the active contract, and return the answer."""
    answer: dict[str, Any] = (await client.ask(PUT, input=registration(members, **changes)))["putRegistration"]
    return answer
