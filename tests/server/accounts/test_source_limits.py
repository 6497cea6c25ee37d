"""The sources of a request are limited by each network that may belong to one customer, the wider ones higher."""

from datetime import timedelta

from contract_server.accounts.rate_limit import Limit
from contract_server.accounts.rate_limit_store import RateLimitStore
from contract_server.accounts.source_limits import SourceLimits
from contract_server.settings import EnvironmentName, Settings

HOUR = timedelta(hours=1)
LIMITS = SourceLimits(
    RateLimitStore(Settings(environment=EnvironmentName.DEVELOPMENT, database_url="postgres://127.0.0.1:1/none")),
    "test",
    Limit(10, HOUR, growing=False),
)


def test_wider_networks_have_higher_limits() -> None:
    assert list(LIMITS.of("2001:db8:1:2::1").values()) == [Limit(tries, HOUR, growing=False) for tries in (10, 20, 40)]
    assert list(LIMITS.of("192.0.2.1").values()) == [Limit(10, HOUR, growing=False)]


def test_neighbours_share_the_networks_that_contain_both() -> None:
    shared = LIMITS.of("2001:db8:1:2::1").keys() & LIMITS.of("2001:db8:1:3::1").keys()
    assert shared == {*list(LIMITS.of("2001:db8:1:2::1"))[1:]}
