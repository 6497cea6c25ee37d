"""The viewer is the logged-in person, with the contract that is theirs."""

from tests.server.graphql.without_database import ACCOUNT, CONTRACT, active, context_of, data_of, viewer

from contract_server.accounts.models import Role

VIEWER = "{ viewer { id name email role sessionExpiresAt contract { id } } }"


async def test_a_contractor_has_a_contract() -> None:
    shown = (await data_of(context_of(viewer(), active()), VIEWER))["viewer"]
    assert shown == {
        "id": str(ACCOUNT),
        "name": "契約 太郎",
        "email": "taro@example.jp",
        "role": "CONTRACTOR",
        "sessionExpiresAt": "2024-03-01T11:30:00+09:00",
        "contract": {"id": str(CONTRACT)},
    }


async def test_an_operator_has_none() -> None:
    shown = (await data_of(context_of(viewer(Role.OPERATOR), active()), VIEWER))["viewer"]
    assert (shown["role"], shown["contract"]) == ("OPERATOR", None)
