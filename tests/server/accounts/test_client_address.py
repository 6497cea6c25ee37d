import pytest
from pydantic import SecretStr

from contract_server.accounts.client_address import ClientAddresses
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


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.9", "203.0.113.9", True),
        ("203.0.113.9", "203.0.113.10", False),
    ],
)
def test_all_addresses_that_a_provider_gives_to_one_customer_are_one_source(one: str, other: str, same: bool) -> None:
    assert (addresses().of(one, []) == addresses().of(other, [])) is same


@pytest.mark.parametrize("peer", [None, "", "a socket"])
def test_peers_without_an_address_are_counted_together(peer: str | None) -> None:
    assert addresses("10.0.0.0/8").of(peer, ["198.51.100.1"]) == "unknown"
