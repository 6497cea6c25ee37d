from datetime import UTC, datetime, timedelta

import pytest

from contract_server.accounts.rate_limit import LONGEST_WAIT, Count, Limit

NOW = datetime(2024, 3, 1, 9, tzinfo=UTC)
MINUTE, TICK = timedelta(minutes=1), timedelta(microseconds=1)
WINDOW = 5 * MINUTE
LIMIT = Limit(tries=3, window=WINDOW)
FRESH = Count(tries=0, full_windows=0, began_at=NOW, ends_at=NOW)


def fill(count: Count, now: datetime, limit: Limit = LIMIT) -> Count:
    for _ in range(limit.tries):
        assert count.refused_until(limit, now) is None
        count = count.with_another(limit, now)
    return count


def test_a_window_opens_with_its_first_try_and_takes_as_many_as_the_limit_says() -> None:
    count = FRESH.with_another(LIMIT, NOW)
    assert count == Count(tries=1, full_windows=0, began_at=NOW, ends_at=NOW + WINDOW)
    assert fill(FRESH, NOW).refused_until(LIMIT, NOW) == NOW + WINDOW


def test_the_wait_begins_with_the_try_that_fills_the_window() -> None:
    count = FRESH.with_another(LIMIT, NOW).with_another(LIMIT, NOW)
    late = NOW + WINDOW - TICK
    assert count.with_another(LIMIT, late).refused_until(LIMIT, late) == late + WINDOW


@pytest.mark.parametrize(("sooner", "refused"), [(TICK, True), (timedelta(), False), (-TICK, False)])
def test_a_wait_is_over_at_the_instant_that_was_told(sooner: timedelta, refused: bool) -> None:
    full = fill(FRESH, NOW)
    assert (full.refused_until(LIMIT, full.ends_at - sooner) is not None) is refused


def test_waits_grow_while_one_full_window_follows_another_and_never_beyond_a_quarter_of_an_hour() -> None:
    count, now, waits = FRESH, NOW, []
    for _ in range(5):
        count = fill(count, now)
        waits.append(count.ends_at - now)
        now = count.ends_at
    assert waits == [5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 15 * MINUTE, 15 * MINUTE]


def test_a_limit_that_does_not_grow_waits_the_same_time_again_and_again() -> None:
    steady = Limit(tries=3, window=WINDOW, growing=False)
    count, now = FRESH, NOW
    for _ in range(3):
        count = fill(count, now, steady)
        assert count.ends_at - now == WINDOW
        now = count.ends_at


@pytest.mark.parametrize(("quiet", "full_windows"), [(LONGEST_WAIT - TICK, 1), (LONGEST_WAIT, 0)])
def test_a_quiet_quarter_of_an_hour_makes_waits_short_again(quiet: timedelta, full_windows: int) -> None:
    full = fill(FRESH, NOW)
    assert full.with_another(LIMIT, full.ends_at + quiet).full_windows == full_windows


def test_a_window_that_was_not_filled_leaves_nothing_to_the_next() -> None:
    count = FRESH.with_another(LIMIT, NOW).with_another(LIMIT, NOW + WINDOW)
    assert (count.tries, count.full_windows, count.began_at) == (1, 0, NOW + WINDOW)


def test_a_limit_of_one_try_waits_after_each() -> None:
    once = Limit(tries=1, window=WINDOW)
    assert fill(FRESH, NOW, once).refused_until(once, NOW) == NOW + WINDOW
