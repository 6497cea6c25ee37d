import asyncio

import pytest
from tests.server.accounts.counting import CountingHash

from contract_server.accounts.passwords import PasswordHasher, TooBusy


async def test_a_password_is_right_for_its_own_hash_alone() -> None:
    passwords = PasswordHasher()
    password_hash = await passwords.hash("correct horse battery")
    assert password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify("correct horse battery", password_hash) is True
    assert await passwords.verify("correct horse batterx", password_hash) is False


async def test_nobody_has_no_password_not_even_the_one_that_the_work_is_done_with() -> None:
    for no_hash in (None, ""):
        assert await PasswordHasher().verify("the password of nobody", no_hash) is False


async def test_no_more_wait_than_the_queue_takes() -> None:
    algorithm = CountingHash()
    passwords = PasswordHasher(algorithm, threads=2, longest_queue=3)
    algorithm.may_go_on.clear()
    tasks = [asyncio.create_task(passwords.verify("x", None)) for _ in range(100)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    algorithm.may_go_on.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(outcome, TooBusy) for outcome in outcomes) == 95
    assert len(algorithm.compared_with) == 5
    assert await passwords.verify("x", None) is False


async def test_whoever_is_refused_anyway_takes_nobodys_place() -> None:
    algorithm = CountingHash()
    passwords = PasswordHasher(algorithm, threads=1, longest_queue=0)
    refused, right = await asyncio.gather(passwords.verify_dummy("x"), passwords.verify("x", None))
    assert (refused, right) == (None, False)


async def test_room_is_given_back_when_a_caller_goes_away() -> None:
    passwords = PasswordHasher(CountingHash(), threads=1, longest_queue=0)
    cancelled = asyncio.create_task(passwords.verify("x", None))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    password_hash = await passwords.hash("y")  # the one thread has finished the work before
    assert await passwords.verify("y", password_hash) is True


@pytest.mark.parametrize("password", ["\ud800", "\x00", "パスワード", "x" * 100_000])
async def test_any_text_can_be_a_password(password: str) -> None:
    passwords = PasswordHasher(CountingHash())
    assert await passwords.verify(password, await passwords.hash(password)) is True
