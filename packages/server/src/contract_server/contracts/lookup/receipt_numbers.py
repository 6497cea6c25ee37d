"""受付番号: the number of an application, which its holder can read out, and with which they can ask what became of it.

Twelve characters of Crockford's base32: 55 random bits, and a check digit. The digits are the coefficients of a
polynomial over the field of 32 elements, and the check digit makes 3 a root of it. So every wrong character, and every
swap of two, is detected: the first 31 powers of 3 are different, and none is zero.
"""

import secrets
from collections.abc import Iterable

from contract_server.crockford import ALPHABET, BITS, read

LENGTH = 12

_LAST_DIGIT = len(ALPHABET) - 1
_GROUP = 4
_FIELD = 0b100101  # its elements are remainders by x⁵ + x² + 1


def new_receipt_number() -> str:
    """Return a random number, without hyphens."""
    bits = secrets.randbits(BITS * (LENGTH - 1))
    digits = [bits >> shift & _LAST_DIGIT for shift in range(0, BITS * (LENGTH - 1), BITS)]
    return "".join(ALPHABET[digit] for digit in [*digits, _times_three(_value(digits))])


def parse_receipt_number(text: str) -> str | None:
    """Return the number that a person has typed, without hyphens; None if it is none.

    >>> parse_receipt_number("k7m2 9qx4-tn3w")
    'K7M29QX4TN3W'
    """
    number = read(text)
    if len(number) != LENGTH or not set(number) <= set(ALPHABET):
        return None
    return None if _value(ALPHABET.index(character) for character in number) else number


def format_receipt_number(number: str) -> str:
    """Return the number as it is shown.

    >>> format_receipt_number("K7M29QX4TN3W")
    'K7M2-9QX4-TN3W'
    """
    return "-".join(number[place : place + _GROUP] for place in range(0, LENGTH, _GROUP))


def _value(digits: Iterable[int]) -> int:
    """The value of the polynomial at 3."""
    value = 0
    for digit in digits:
        value = _times_three(value) ^ digit
    return value


def _times_three(element: int) -> int:
    doubled = element << 1
    return element ^ (doubled ^ _FIELD if doubled & len(ALPHABET) else doubled)
