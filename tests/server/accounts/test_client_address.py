"""Client addresses: the peer's own, or the one that trusted proxies forward."""

from typing import Any

import pytest
from pydantic import SecretStr

from contract_server.accounts.client_address import ClientAddresses, networks
from contract_server.settings import Settings


def addresses(trusted: str = "") -> ClientAddresses:
    return ClientAddresses(
        Settings.model_validate(
            {
                "environment": "development",
                "database_url": SecretStr("postgresql://127.0.0.1/x"),
                "trusted_proxies": trusted,
            }
        )
    )


@pytest.mark.parametrize("forged", ["198.51.100.1", "127.0.0.1", "198.51.100.1, 10.0.0.1", "", "nonsense"])
def test_what_a_stranger_forwards_changes_nothing(forged: str) -> None:
    assert addresses().of("203.0.113.9", [forged]) == "203.0.113.9"
    assert addresses("10.0.0.0/8").of("203.0.113.9", [forged]) == "203.0.113.9"


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        (["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        (["6.6.6.6, 198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        (["6.6.6.6, nonsense, 10.1.2.3"], "10.1.2.3"),
        (["10.9.9.9"], "10.9.9.9"),
        (["198.51.100.1:4711"], "198.51.100.1"),
        (["6.6.6.6:1, 198.51.100.1:4711, 10.1.2.3:80"], "198.51.100.1"),
        (["[2001:db8::1]:443"], "2001:db8::1"),
        (["[2001:db8::1]"], "2001:db8::1"),
        (["198.51.100.1:port"], "10.0.0.1"),
        (["[198.51.100.1"], "10.0.0.1"),
        ([""], "10.0.0.1"),
        ([], "10.0.0.1"),
    ],
)
def test_a_trusted_proxy_is_believed_back_to_the_first_address_that_is_not_ours(
    forwarded_for: list[str], client: str
) -> None:
    assert addresses("10.0.0.0/8").of("10.0.0.1", forwarded_for) == client


def test_an_address_that_is_mapped_into_the_other_family_is_the_same_client() -> None:
    assert addresses().of("::ffff:203.0.113.9", []) == addresses().of("203.0.113.9", [])


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", 3),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", 2),
        ("2001:db8:1:2::1", "2001:db8:1:ff02::1", 1),
        ("2001:db8:1:2::1", "2001:db8:2:2::1", 0),
        ("203.0.113.9", "203.0.113.9", 1),
        ("203.0.113.9", "203.0.113.10", 0),
        ("unknown", "unknown", 1),
    ],
)
def test_clients_share_the_networks_that_a_provider_may_have_given_to_one_customer(
    one: str, other: str, shared: int
) -> None:
    assert len(set(networks(one)) & set(networks(other))) == shared


def test_fifty_clients_behind_a_proxy_that_writes_ports_are_fifty_sources() -> None:
    clients = {addresses("10.0.0.0/8").of("10.0.0.1", [f"203.0.113.{n}:5{n:03}"]) for n in range(50)}
    assert len(clients) == 50


def test_a_value_that_is_no_address_is_logged_once_and_its_words_never(told: list[dict[str, Any]]) -> None:
    found = addresses("10.0.0.0/8")
    for forwarded in ("Haruko-12.example.jp", "_hidden", "6.6.6.6, unknown"):
        assert found.of("10.0.0.1", [forwarded]) == "10.0.0.1"
    assert [(line["level"], line["shape"]) for line in told] == [("warning", "aaaaaa-99.aaaaaaa.aa")]


def test_an_empty_value_is_no_fault(told: list[dict[str, Any]]) -> None:
    addresses("10.0.0.0/8").of("10.0.0.1", ["", "198.51.100.1"])
    addresses("10.0.0.0/8").of("10.0.0.1", [])
    assert told == []


def test_a_header_from_a_peer_that_is_not_trusted_is_logged_once_a_peer_without_the_address_of_a_person(
    told: list[dict[str, Any]],
) -> None:
    found = addresses("10.0.0.0/8")
    for peer in ("192.168.0.7", "192.168.0.7", "93.184.216.34", "8.8.8.8", "10.0.0.1"):
        found.of(peer, ["198.51.100.1"])
    assert [line["peer"] for line in told] == ["192.168.0.7", "a public address"]
    assert {line["level"] for line in told} == {"warning"}


def test_not_more_than_a_hundred_peers_are_logged(told: list[dict[str, Any]]) -> None:
    found = addresses()
    for number in range(300):
        found.of(f"10.0.{number // 200}.{number % 200}", ["198.51.100.1"])
    assert len(told) == 100


@pytest.mark.parametrize("peer", [None, "", "a socket"])
def test_peers_without_an_address_are_counted_together(peer: str | None) -> None:
    assert addresses("10.0.0.0/8").of(peer, ["198.51.100.1"]) == "unknown"
