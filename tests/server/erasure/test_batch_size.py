"""Transactions of an erasure delete what the database deletes in a tenth of a second."""

import pytest

from contract_server.erasure.batch_size import AIM_S, LEAST, BatchSize

MOST = 50_000


@pytest.mark.parametrize(
    ("rows_per_second", "rows"),
    [(1_000_000, MOST), (300_000, 300_000 * AIM_S), (100, LEAST)],
)
def test_the_next_batch_takes_about_a_tenth_of_a_second(rows_per_second: int, rows: int) -> None:
    size = BatchSize(MOST)
    assert size.rows == MOST
    size.adapt(MOST, MOST / rows_per_second)
    assert size.rows == pytest.approx(rows, abs=1)


def test_a_few_members_tell_nothing_about_a_batch() -> None:
    size = BatchSize(MOST)
    size.adapt(LEAST - 1, 10)
    assert size.rows == MOST


@pytest.mark.parametrize("most", [1, LEAST - 1])
def test_a_small_limit_is_always_used_up(most: int) -> None:
    size = BatchSize(most)
    size.adapt(most, 10)
    size.restart()
    assert size.rows == most


def test_it_begins_with_the_least_after_a_failure() -> None:
    size = BatchSize(MOST)
    size.restart()
    assert size.rows == LEAST
    size.adapt(LEAST, LEAST / 1_000_000)
    assert size.rows == MOST
