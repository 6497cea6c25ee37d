"""Which passwords are allowed."""

from unicodedata import normalize

import pytest

from contract_server.accounts.passwords.rules import (
    LONGEST_PASSWORD,
    LONGEST_RAW_FORM,
    PRODUCT_NAMES,
    SHORTEST_PASSWORD,
    PasswordProblem,
    UnsuitablePassword,
    common_passwords,
    compose,
    find_problem,
    require_suitable,
)

EMAIL, COMPANY = "haruko.aoki@example.jp", "株式会社あおぞら製作所"
VARIED = "".join(chr(0x4E00 + 7 * number) for number in range(LONGEST_PASSWORD + 1))
"""As many different characters as are needed, no two of them neighbours anywhere."""


def problem_of(password: str) -> PasswordProblem | None:
    try:
        require_suitable(password, email=EMAIL, company_name=COMPANY)
    except UnsuitablePassword as error:
        return error.problem
    return None


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "とても長いパスワード 2026",
        "a new one, long enough",
        "no digit, no capital",
        VARIED[:SHORTEST_PASSWORD],
        VARIED[:LONGEST_PASSWORD],
        "\ud800 and more than twelve",
    ],
)
def test_a_long_password_is_allowed_whatever_its_characters(password: str) -> None:
    assert problem_of(password) is None


@pytest.mark.parametrize("length", [0, SHORTEST_PASSWORD - 1, LONGEST_PASSWORD + 1])
def test_a_password_beyond_the_limits_is_refused(length: int) -> None:
    assert problem_of(VARIED[:length]) is PasswordProblem.LENGTH


@pytest.mark.parametrize(("length", "problem"), [(11, PasswordProblem.LENGTH), (12, None), (256, None)])
def test_characters_are_counted_as_they_are_composed(length: int, problem: PasswordProblem | None) -> None:
    syllables = "".join(chr(0xAC00 + 29 * number) for number in range(length))
    decomposed = normalize("NFD", syllables)
    assert len(decomposed) > length
    assert problem_of(decomposed) is problem


def test_the_longest_password_may_be_written_in_the_parts_of_its_characters() -> None:
    raw = normalize("NFD", "\u1f82" * LONGEST_PASSWORD)  # of four parts, more than any other has
    assert (len(raw), len(compose(raw))) == (LONGEST_RAW_FORM, LONGEST_PASSWORD)


def test_a_text_that_would_take_seconds_to_compose_stays_as_it_is() -> None:
    hostile = "a" + "\u0315\u0300" * 15_000
    assert compose(hostile) == hostile
    assert problem_of(hostile) is PasswordProblem.LENGTH


@pytest.mark.parametrize("password", ["peanutbutter", "PeanutButter", "transformator"])
def test_a_common_password_is_refused_in_any_case(password: str) -> None:
    assert problem_of(password) is PasswordProblem.COMMON


def test_the_list_holds_only_what_nothing_else_refuses() -> None:
    common = common_passwords() - {""}
    assert len(common) > 4_000
    assert all(len(password) >= SHORTEST_PASSWORD and password == password.casefold() for password in common)
    assert {find_problem(password) for password in common} == {PasswordProblem.COMMON}
    assert {find_problem(f"{password} 高橋") for password in common} <= {None, PasswordProblem.COMMON}


@pytest.mark.parametrize("name", [*PRODUCT_NAMES, EMAIL, EMAIL.upper(), "haruko.aoki", COMPANY, "あおぞら製作所"])
def test_names_that_others_know_do_not_count(name: str) -> None:
    assert problem_of(f"{name}!2026.11.30") is PasswordProblem.NAMES
    assert problem_of(f"{name}!2026.11.30 / 雨") is None


@pytest.mark.parametrize(
    "password",
    [
        "qwertyuiop123",
        "QWERTYUIOP{}[]",
        "poiuytrewq321",
        "1qaz2wsx3edc",
        "q1w2e3r4t5y6",
        "asdfghjkl;'x",
        "abcdefghijklmno",
        "987654321098",
        "!@#$%^&*()_+",
        "あいうえおかきくけこさし",
        "qwerty-asdfgh-12345",
    ],
)
def test_runs_along_the_keyboard_and_the_alphabet_do_not_count(password: str) -> None:
    assert problem_of(password) is PasswordProblem.RUNS


@pytest.mark.parametrize(
    "password", ["x" * 12, "x" * 256, "kiwi" * 4, "雨風雨風雨風雨風雨風雨風", "kiwikiwi kiwi kiwi", "kkkkkkkkkkkkiwi"]
)
def test_repetitions_do_not_count(password: str) -> None:
    assert problem_of(password) is PasswordProblem.REPETITIONS


def test_what_does_not_count_does_not_add_up() -> None:
    assert problem_of("omakase12345kiwikiwikiwi") is not None


def test_an_account_without_a_company_is_checked_by_its_address() -> None:
    with pytest.raises(UnsuitablePassword):
        require_suitable("operator@example.jp1", email="operator@example.jp")
