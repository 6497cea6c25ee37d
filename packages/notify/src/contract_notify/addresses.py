"""Addresses: one definition, from the file that registers them to the envelope.

An address is what a browser's field of type `email` takes, so that each registered address can be typed at log-in:
`local@domain` in ASCII, dots anywhere before the @ (docomo and au gave out `taro..yama@` and `.taro@`), and a domain in
A-labels (RFC 5890), to which browsers turn any other. It can be neither two addresses nor a command. Display names,
angle brackets, comments, quotes and address literals are refused: customers do not register with them, and each can
hide a second address.

Characters that are another form of ordinary ones, such as full-width letters, are refused with the spelling that is
meant: one who registers with them cannot be reached, and cannot log in.
"""

import re
import unicodedata
from contextlib import suppress
from typing import Final

import idna

from contract_notify.failures import InvalidAddress

LONGEST_ADDRESS: Final = 254
_LONGEST_LOCAL_PART: Final = 64

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOM: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*", re.IGNORECASE)
_LOCAL_PART: Final = re.compile(rf"(?:\.|{_ATOM})+", re.IGNORECASE)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_DEVIATIONS = frozenset("ßς")  # some programs replace them by other letters (UTS 46, transitional processing)
_IDEOGRAPHIC_FULL_STOP = "\N{IDEOGRAPHIC FULL STOP}"  # separates labels like a dot (RFC 3490, 3.1)


def require_address(text: str) -> str:
    """Return the address with its domain in A-labels, else raise `InvalidAddress`.

    >>> require_address("keiyaku@例え.jp")
    'keiyaku@xn--r8jz45g.jp'
    >>> require_address("keiyaku@example.jp,other@example.jp")
    Traceback (most recent call last):
        ...
    contract_notify.failures.InvalidAddress: an address has exactly one @
    """
    # printable: no control characters, direction marks, private or unassigned characters; and no space
    if not text.isprintable() or " " in text:
        raise InvalidAddress("an address has no spaces, line breaks or invisible characters")
    spelling = unicodedata.normalize("NFKC", text).replace(_IDEOGRAPHIC_FULL_STOP, ".")
    if spelling != text:
        require_address(spelling)
        raise InvalidAddress("an address has no full-width or otherwise changed characters", spelling=spelling)
    if text.count("@") != 1:
        raise InvalidAddress("an address has exactly one @")
    local_part, domain = text.split("@")
    required = f"{_require_local_part(local_part)}@{_require_domain(domain, LONGEST_ADDRESS - len(local_part) - 1)}"
    if not _DEVIATIONS.isdisjoint(domain):
        raise InvalidAddress("programs read what stands after the @ as two different domains", spelling=required)
    return required


def normalize_address(text: str) -> str:
    """Return the form in which typed addresses are compared: no surrounding spaces or capitals, a domain in A-labels.

    A text that is no address is returned without the spaces and capitals alone.

    >>> normalize_address(" Keiyaku@例え.JP")
    'keiyaku@xn--r8jz45g.jp'
    """
    typed = text.strip().lower()
    local_part, at, domain = typed.rpartition("@")
    with suppress(InvalidAddress):
        return f"{local_part}{at}{_in_a_labels(domain)}"
    return typed


def quote_address(address: str) -> str:
    """Return the address as SMTP and headers write it: dots that are no separators stand in quotes (RFC 5321, 4.1.2).

    >>> quote_address("taro..yama@docomo.ne.jp"), quote_address("taro.yama@docomo.ne.jp")
    ('"taro..yama"@docomo.ne.jp', 'taro.yama@docomo.ne.jp')
    """
    local_part, domain = address.split("@")
    return address if _DOT_ATOM.fullmatch(local_part) else f'"{local_part}"@{domain}'


def _require_local_part(local_part: str) -> str:
    if not local_part.isascii():
        raise InvalidAddress("what stands before the @ has letters beyond ASCII, which few mail servers take")
    if len(local_part) > _LONGEST_LOCAL_PART:
        raise InvalidAddress("an address has at most 254 octets, 64 of them before the @")
    # "=?" begins an encoded word (RFC 2047): a reader of the header would decode it into another address
    if not _LOCAL_PART.fullmatch(local_part) or "=?" in local_part:
        raise InvalidAddress("what stands before the @ is not a plain name")
    return local_part


def _require_domain(domain: str, longest: int) -> str:
    labels = _in_a_labels(domain)
    if len(labels) > longest:
        raise InvalidAddress("an address has at most 254 octets, 64 of them before the @")
    if not _DOMAIN.fullmatch(labels):
        raise InvalidAddress("what stands after the @ is not a domain")
    return labels


def _in_a_labels(domain: str) -> str:
    """Convert a domain as browsers do (UTS 46), which leave one in ASCII as it is."""
    if domain.isascii():
        return domain
    if len(domain) > LONGEST_ADDRESS:
        raise InvalidAddress("an address has at most 254 octets, 64 of them before the @")
    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode()
    except idna.IDNAError:
        raise InvalidAddress("what stands after the @ is not a domain") from None
