"""Cookies of devices that have logged in before."""

import pytest
from pydantic import SecretStr
from tests.server.asgi import production_with_no_database

from contract_server.accounts.devices import MOST_ACCOUNTS, Devices

ANNA, BERT = "anna@example.jp", "bert@example.jp"


@pytest.fixture
def devices() -> Devices:
    return Devices(production_with_no_database())


def test_a_device_is_known_to_the_accounts_that_logged_in_there_and_to_no_others(devices: Devices) -> None:
    cookie = devices.remember(devices.remember(None, ANNA), BERT)
    device = cookie.partition(".")[0]
    assert devices.find(cookie, ANNA) == devices.find(cookie, BERT) == device
    assert devices.find(cookie, "carla@example.jp") is None


def test_an_address_may_be_written_differently(devices: Devices) -> None:
    assert devices.find(devices.remember(None, " Anna@Example.JP"), ANNA) is not None


def test_every_device_has_an_id_of_its_own_and_keeps_it(devices: Devices) -> None:
    cookies = [devices.remember(None, ANNA) for _ in range(3)]
    assert len({devices.find(cookie, ANNA) for cookie in cookies}) == 3
    again = devices.remember(cookies[0], ANNA)
    assert again == cookies[0]


def test_a_device_forgets_the_account_that_logged_in_longest_ago(devices: Devices) -> None:
    cookie = None
    for number in range(MOST_ACCOUNTS + 1):
        cookie = devices.remember(cookie, f"{number}@example.jp")
    assert [devices.find(cookie, f"{number}@example.jp") is not None for number in (0, 1, MOST_ACCOUNTS)] == [
        False,
        True,
        True,
    ]


def test_a_cookie_holds_no_address_and_is_proof_under_one_secret_only(devices: Devices) -> None:
    cookie = devices.remember(None, ANNA)
    assert "anna" not in cookie
    others = Devices(production_with_no_database().model_copy(update={"secret_key": SecretStr("x" * 32)}))
    assert others.find(cookie, ANNA) is None


@pytest.mark.parametrize("forged", ["", ".", "device", f"{'x' * 43}.{'0' * 64}", "\ud800", "é.é", "x" * 8_000])
def test_a_forged_cookie_proves_nothing_and_is_replaced(devices: Devices, forged: str) -> None:
    assert devices.find(forged, ANNA) is None
    assert devices.find(devices.remember(forged, ANNA), ANNA) is not None


def test_the_proof_of_one_device_is_none_for_another(devices: Devices) -> None:
    proof = devices.remember(None, ANNA).partition(".")[2]
    other = devices.remember(None, BERT).partition(".")[0]
    assert devices.find(f"{other}.{proof}", ANNA) is None
