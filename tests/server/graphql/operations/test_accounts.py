"""A person's own account: the password and the sessions, over HTTP."""

import pytest
from tests.server.running import PASSWORD, Client, Running

CONTRACTOR, OPERATOR = "active@example.jp", "operator@example.jp"
NEW_PASSWORD = "とても長いパスワード 2026"
CHANGE = """
mutation ($current: String!, $new: String!) {
  changePassword(input: { currentPassword: $current, newPassword: $new }) {
    __typename ... on Problem { code } ... on InvalidInput { path }
  }
}
"""
SESSIONS = "{ viewer { sessions { id startedAt lastUsedAt isCurrent } } }"


async def change(client: Client, current: str, new: str) -> dict[str, object]:
    answer: dict[str, object] = (await client.ask(CHANGE, current=current, new=new))["changePassword"]
    return answer


@pytest.mark.parametrize("email", [CONTRACTOR, OPERATOR])
async def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(
    client: Client, service: Running, email: str
) -> None:
    await client.log_in(email)
    async with service.client() as elsewhere:
        await elsewhere.log_in(email)
        assert await change(client, PASSWORD, NEW_PASSWORD) == {"__typename": "PasswordChanged"}
        assert (await elsewhere.ask("{ viewer { id } }"))["viewer"] is None
        assert (await elsewhere.log_in(email))["code"] == "INVALID_CREDENTIALS"
        assert (await elsewhere.log_in(email, NEW_PASSWORD))["__typename"] == "LoggedIn"
    sessions = (await client.ask(SESSIONS))["viewer"]["sessions"]
    assert sorted(session["isCurrent"] for session in sessions) == [False, True]


@pytest.mark.parametrize("new", ["short", "omakase-demo-2026", "active@example.jp 1"])
async def test_an_unsuitable_new_password_is_refused_where_it_is(client: Client, new: str) -> None:
    await client.log_in(CONTRACTOR)
    assert await change(client, PASSWORD, new) == {
        "__typename": "InvalidInput",
        "code": "INVALID_INPUT",
        "path": ["input", "newPassword"],
    }


async def test_sessions_are_listed_with_their_instants_and_nothing_else(client: Client) -> None:
    await client.log_in(CONTRACTOR)
    found = (await client.ask(SESSIONS))["viewer"]["sessions"]
    (session,) = [session for session in found if session["isCurrent"]]
    assert session["startedAt"] == session["lastUsedAt"]
    assert session.keys() == {"id", "startedAt", "lastUsedAt", "isCurrent"}
