"""Which passwords are allowed: one rule for the API, the pages and the command line.

Theory. A password needs 12 characters that a guesser does not try first. So names that others know, runs along the
keyboard or the alphabet, and repetitions do not count, and a password on the list of common ones is refused. Nothing
else is: neither digits nor capitals are required. Characters are counted in composed form (NFC).
"""

import re
from collections.abc import Iterable
from enum import Enum, auto
from functools import cache
from importlib.resources import files
from unicodedata import normalize

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
LONGEST_RAW_FORM = 4 * LONGEST_PASSWORD  # one composed character has at most four parts

PRODUCT_NAMES = ("おまかせログイン", "おまかせ", "omakase", "ntt東日本", "ntt-east", "ntteast")
_LEGAL_FORMS = re.compile("株式会社|有限会社|合同会社|合資会社|合名会社")

SHORTEST_RUN = 4
_ROWS = (
    *("`1234567890-=", "qwertyuiop[]\\", "asdfghjkl;'", "zxcvbnm,./", "!@#$%^&*()_+", "1234567890-^", "@[:];"),
    *("qwertzuiop", "azertyuiop", "!\"#$%&'()"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "qazwsxedcrfvtgbyhnujmikolp"),
    *("1q2w3e4r5t6y7u8i9o0p-", "q1w2e3r4t5y6u7i8o9p0", "qawsedrftgyhujikolp"),
    *("abcdefghijklmnopqrstuvwxyz", "0123456789"),
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン",
    "いろはにほへとちりぬるを",
)
_RUNS = "\n".join(line for row in _ROWS for line in (row, row[::-1]))
_REPETITION = re.compile(r"(.)\1{2,}|(.{2,}?)\2+", re.DOTALL)


class PasswordProblem(Enum):
    """Why a password is refused: its length, its place on the list, or what its length consists of."""

    LENGTH = auto()
    COMMON = auto()
    NAMES = auto()
    RUNS = auto()
    REPETITIONS = auto()


class UnsuitablePassword(ValueError):
    """The new password is not allowed."""

    def __init__(self, problem: PasswordProblem) -> None:
        super().__init__(problem.name)
        self.problem = problem


def require_suitable(password: str, *, email: str, company_name: str | None = None) -> None:
    """Check a new password.

    Args:
        password: The password, in any form.
        email: The account's own address.
        company_name: The name of the contractor's company.

    Raises:
        UnsuitablePassword: It is not allowed.
    """
    problem = find_problem(password, [email, email.partition("@")[0], *_company_names(company_name or "")])
    if problem is not None:
        raise UnsuitablePassword(problem)


def find_problem(password: str, names: Iterable[str] = ()) -> PasswordProblem | None:
    """Find out why a password is not allowed; None if it is."""
    composed = compose(password)
    if not SHORTEST_PASSWORD <= len(composed) <= LONGEST_PASSWORD:
        return PasswordProblem.LENGTH
    text = _folded(composed)
    if text in common_passwords():
        return PasswordProblem.COMMON
    text = _without_names(text, [*PRODUCT_NAMES, *names])
    if len(text) < SHORTEST_PASSWORD:
        return PasswordProblem.NAMES
    text = _without_runs(text)
    if len(text) < SHORTEST_PASSWORD:
        return PasswordProblem.RUNS
    return PasswordProblem.REPETITIONS if len(_REPETITION.sub(r"\1\2", text)) < SHORTEST_PASSWORD else None


def compose(password: str) -> str:
    """Return the composed form. A text that is too long in any form stays as it is, because composing is quadratic."""
    return normalize("NFC", password) if len(password) <= LONGEST_RAW_FORM else password


@cache
def common_passwords() -> frozenset[str]:
    """The common passwords that nothing else refuses, in small letters."""
    return frozenset((files(__package__) / "common_passwords.txt").read_text("utf-8").split("\n"))


def _company_names(company_name: str) -> tuple[str, str]:
    return company_name, _LEGAL_FORMS.sub("", company_name).strip()


def _folded(text: str) -> str:
    return normalize("NFC", text).casefold()


def _without_names(text: str, names: Iterable[str]) -> str:
    longest_first = sorted({_folded(name) for name in names if name}, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), "", text)


def _without_runs(text: str) -> str:
    rest, start = "", 0
    while start < len(text):
        end = start + 1
        while end < len(text) and text[start : end + 1] in _RUNS:
            end += 1
        if end - start < SHORTEST_RUN:
            end = start + 1
            rest += text[start]
        start = end
    return rest
