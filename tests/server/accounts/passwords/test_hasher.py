import asyncio
from unicodedata import normalize

import pytest
from tests.server.accounts.counting import CountingHash

from contract_server.accounts.passwords.hasher import PasswordHasher

COMPOSED, DECOMPOSED = (normalize(form, "がぎぐげご・パスワード") for form in ("NFC", "NFD"))


async def test_a_password_is_right_for_its_own_hash_alone() -> None:
    passwords = PasswordHasher()
    password_hash = await passwords.hash("correct horse battery")
    assert password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify("correct horse battery", password_hash) is True
    assert await passwords.verify("correct horse batterx", password_hash) is False


async def test_nobody_has_no_password_not_even_the_one_that_the_work_is_done_with() -> None:
    for no_hash in (None, ""):
        assert await PasswordHasher().verify("the password of nobody", no_hash) is False


@pytest.mark.parametrize("set_as", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("typed_as", [COMPOSED, DECOMPOSED])
async def test_a_password_is_right_however_its_characters_are_composed(set_as: str, typed_as: str) -> None:
    passwords = PasswordHasher(CountingHash())
    assert await passwords.verify(typed_as, await passwords.hash(set_as)) is True


async def test_an_older_hash_of_the_raw_form_is_still_right() -> None:
    algorithm = CountingHash()
    raw_hash = algorithm.hash(DECOMPOSED.encode())
    assert await PasswordHasher(algorithm).verify(DECOMPOSED, raw_hash) is True


async def test_a_second_form_costs_the_same_without_an_account() -> None:
    algorithm = CountingHash()
    passwords = PasswordHasher(algorithm)
    await passwords.verify(DECOMPOSED, algorithm.hash("another"))
    await passwords.verify(DECOMPOSED, None)
    assert len(algorithm.compared_with) == 4


async def test_whoever_is_refused_anyway_takes_nobodys_place() -> None:
    algorithm = CountingHash()
    passwords = PasswordHasher(algorithm, threads=1)
    algorithm.may_go_on.clear()
    refused = [asyncio.create_task(passwords.verify_dummy("x")) for _ in range(10)]
    await asyncio.wait(refused, return_when=asyncio.FIRST_COMPLETED)
    right = asyncio.create_task(passwords.verify("x", None))
    algorithm.may_go_on.set()
    assert await right is False
    await asyncio.gather(*refused)
    assert len(algorithm.compared_with) == 2


@pytest.mark.parametrize("password", ["\ud800", "\x00", "パスワード", "x" * 100_000])
async def test_any_text_can_be_a_password(password: str) -> None:
    passwords = PasswordHasher(CountingHash())
    assert await passwords.verify(password, await passwords.hash(password)) is True
