"""One deletion that fails stops neither the others nor the sweep."""

from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from contract_server.schedule.expiry import Expiry

NAMES = ("first", "second", "last")


class Deletions:
    """Deletions that note their names, one of which raises."""

    def __init__(self, failing: str, error: Exception) -> None:
        self.tried: list[str] = []
        self._failing = failing
        self._error = error

    def of(self, name: str) -> Callable[[], Awaitable[None]]:
        async def delete() -> None:
            self.tried.append(name)
            if name == self._failing:
                raise self._error

        return delete

    def expiry(self) -> Expiry:
        return Expiry([self.of(name) for name in NAMES[1:]], in_each_sweep=[self.of(NAMES[0])])


@pytest.mark.parametrize("failing", NAMES)
async def test_the_others_are_tried_when_one_fails(failing: str) -> None:
    deletions = Deletions(failing, asyncpg.QueryCanceledError("statement timeout"))
    await deletions.expiry().delete_if_due()
    assert deletions.tried == list(NAMES)


@pytest.mark.parametrize("failing", NAMES[1:])
async def test_one_that_failed_is_not_tried_again_in_the_next_sweep(failing: str) -> None:
    deletions = Deletions(failing, RuntimeError("a defect"))
    expiry = deletions.expiry()
    for _ in range(2):
        await expiry.delete_if_due()
    assert deletions.tried == [*NAMES, NAMES[0]]


@pytest.mark.parametrize("failing", NAMES)
async def test_a_database_out_of_reach_ends_the_sweep(failing: str) -> None:
    deletions = Deletions(failing, asyncpg.ConnectionDoesNotExistError("closed"))
    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        await deletions.expiry().delete_if_due()
    assert deletions.tried[-1] == failing
