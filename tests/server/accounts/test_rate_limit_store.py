"""Counts in the database: they hold no personal data, and end when they no longer matter."""

from datetime import timedelta

import pytest
from tests.server.accounts.counting import ELSEWHERE, HERE, count_log_ins, guess

from contract_server.accounts.rate_limit import Limit
from contract_server.accounts.rate_limit_store import RateLimitStore, TooManyAttempts
from contract_server.db.statements import execute, fetch
from contract_server.services import Services

ONCE, TWICE = Limit(1, timedelta(minutes=5)), Limit(2, timedelta(minutes=5))


@pytest.fixture
def store(services: Services) -> RateLimitStore:
    return services.rate_limits


async def test_counts_hold_no_address_and_are_deleted_after_their_time(services: Services) -> None:
    counted = await count_log_ins(services)
    await guess(counted, 2)
    await guess(counted, 1, client_address=ELSEWHERE)
    rows = await fetch("SELECT key, t::text AS row FROM attempt_count AS t")
    assert len(rows) == 6
    assert all(len(row["key"]) == 64 and "example" not in row["row"] and HERE not in row["row"] for row in rows)

    await services.rate_limits.delete_old()
    assert await count_rows() == 6
    await execute("UPDATE attempt_count SET ends_at = clock_timestamp() - interval '15 minutes' WHERE tries < 3")
    await services.rate_limits.delete_old()
    assert await count_rows() == 2


async def test_keys_depend_on_the_secret_and_on_every_part(services: Services) -> None:
    key = services.rate_limits.key
    assert len({key("ab", "c"), key("a", "bc"), key("abc"), key("ab", "c", "")}) == 4


async def count_rows() -> int:
    rows = await fetch("SELECT count(*) AS count FROM attempt_count")
    count: int = rows[0]["count"]
    return count


async def test_a_try_beyond_one_limit_is_counted_under_no_key(store: RateLimitStore) -> None:
    narrow, wide = store.key("narrow"), store.key("wide")
    await store.begin({narrow: ONCE, wide: TWICE})
    with pytest.raises(TooManyAttempts):
        await store.begin({narrow: ONCE, wide: TWICE})
    await store.begin({wide: TWICE})


async def test_a_refund_makes_room_for_one_more_try(store: RateLimitStore) -> None:
    key = store.key("refunded")
    await store.refund(await store.begin({key: ONCE}))
    await store.begin({key: ONCE})
    with pytest.raises(TooManyAttempts):
        await store.begin({key: ONCE})


async def test_clearing_a_group_clears_its_keys_and_no_others(store: RateLimitStore) -> None:
    keys = [store.key_within(("group",), "1"), store.key_within(("group",), "2"), store.key_within(("other",), "1")]
    for key in keys:
        await store.begin({key: ONCE})
    await store.clear_all_within(("group",))
    assert [row["key"] for row in await fetch("SELECT key FROM attempt_count")] == [keys[2]]
    await store.clear(keys[2])
    assert await fetch("SELECT key FROM attempt_count") == []
