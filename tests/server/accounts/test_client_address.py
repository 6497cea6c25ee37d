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


@pytest.mark.parametrize("peer", [None, "", "a socket"])
def test_peers_without_an_address_are_counted_together(peer: str | None) -> None:
    assert addresses("10.0.0.0/8").of(peer, ["198.51.100.1"]) == "unknown"
