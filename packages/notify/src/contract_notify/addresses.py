"""Recipients: one plain address (RFC 5321 `local@domain`), which can be neither two nor a command.

Display names, angle brackets, comments, quoted local parts and address literals are refused: customers do not
register with them, and each can hide a second address or a command. Letters beyond ASCII are allowed on both
sides (RFC 6531) and never rewritten: the mail server decides whether it can deliver to them.
"""

import re
from typing import Final

from contract_notify.failures import InvalidAddress

_LONGEST_ADDRESS: Final = 254
_LONGEST_LOCAL_PART: Final = 64
_LONGEST_LABEL: Final = 63

_LETTER = r"[a-z0-9\x80-\U0010ffff]"
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+"
_LOCAL_PART: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*", re.IGNORECASE)
_LABEL: Final = re.compile(rf"{_LETTER}(?:(?:{_LETTER}|-)*{_LETTER})?", re.IGNORECASE)


def require_address(text: str) -> str:
    """Return the text if it is one plain address, else raise `InvalidAddress`.

    >>> require_address("keiyaku@example.jp")
    'keiyaku@example.jp'
    >>> require_address("keiyaku@example.jp,other@example.jp")
    Traceback (most recent call last):
        ...
    contract_notify.failures.InvalidAddress: an address has exactly one @
    """
    # printable: no control characters, direction marks, private or unassigned characters; and no space
    if not text.isprintable() or " " in text:
        raise InvalidAddress("an address has no spaces, line breaks or invisible characters")
    if text.count("@") != 1:
        raise InvalidAddress("an address has exactly one @")
    local_part, domain = text.split("@")
    if _octets(text) > _LONGEST_ADDRESS or _octets(local_part) > _LONGEST_LOCAL_PART:
        raise InvalidAddress("an address has at most 254 octets, 64 of them before the @")
    # "=?" begins an encoded word (RFC 2047): a reader of the header would decode it into another address
    if not _LOCAL_PART.fullmatch(local_part) or "=?" in local_part:
        raise InvalidAddress("what stands before the @ is not a plain name")
    if not all(_LABEL.fullmatch(label) and _octets(label) <= _LONGEST_LABEL for label in domain.split(".")):
        raise InvalidAddress("what stands after the @ is not a domain")
    return text


def _octets(text: str) -> int:
    return len(text.encode())
