"""The search for canaries finds them in every form in which data lies about: what it does not find is not there."""

import base64
import json
import quopri
import unicodedata
from collections.abc import Callable
from email.header import Header
from random import Random
from urllib.parse import quote

import pytest
from tests.faults.canary import Canary, Haystack
from tests.faults.conftest import Faults

FORMS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, one byte on": lambda text: base64.b64encode(b"x" + text.encode()),
    "base64, two bytes on": lambda text: base64.b64encode(b"xx" + text.encode() + b"y"),
    "base64 in lines": lambda text: base64.encodebytes(b"x" * 50 + text.encode()),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()),
    "hex": lambda text: text.encode().hex().encode(),
    "hex in capitals": lambda text: text.encode().hex().upper().encode(),
    "percent-encoded": lambda text: quote(text).encode(),
    "quoted-printable": lambda text: quopri.encodestring(text.encode()),
    "quoted-printable in lines": lambda text: quopri.encodestring(b"x" * 70 + text.encode()),
    "RFC 2047 in base64": lambda text: Header(text, "utf-8").encode().encode(),
    "RFC 2047 in base64, folded": lambda text: Header("件名" * 12 + text, "utf-8").encode().encode(),
    "RFC 2047 in ISO-2022-JP": lambda text: Header(text, "iso-2022-jp").encode().encode(),
    "RFC 2047 quoted-printable": lambda text: b"=?utf-8?q?" + quopri.encodestring(text.encode(), header=True) + b"?=",
    "UTF-16, little end first": lambda text: text.encode("utf-16-le"),
    "UTF-16, big end first": lambda text: text.encode("utf-16-be"),
    "JSON in ASCII": lambda text: json.dumps(text).encode(),
    "taken apart": lambda text: unicodedata.normalize("NFKD", text).encode(),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text).encode(),
    "small letters": lambda text: text.lower().encode(),
    "capitals": lambda text: text.upper().encode(),
}
PARTS = {"the Latin word": "word", "the kana": "kana", "both": "text"}


@pytest.mark.parametrize("part", PARTS.values(), ids=list(PARTS))
@pytest.mark.parametrize("form", FORMS)
def test_a_canary_is_found_in_any_form(faults: Faults, form: str, part: str) -> None:
    dice = faults.dice(f"{form} {part}")
    for _ in range(faults.figure(5, 2_000)):
        canary = Canary.thrown("company", "name", dice)
        hidden = FORMS[form](getattr(canary, part))
        assert Haystack({"somewhere": noise(dice) + hidden + noise(dice)}).shows(canary), (canary, hidden)


def test_a_canary_that_is_nowhere_is_not_found(faults: Faults) -> None:
    dice = faults.dice("nowhere")
    others = "".join(Canary.thrown("company", "name", dice).text for _ in range(300))
    haystack = Haystack({form: hide(others) for form, hide in FORMS.items()} | {"noise": dice.randbytes(100_000)})
    assert not any(haystack.shows(Canary.thrown("company", "name", dice)) for _ in range(20))


def noise(dice: Random) -> bytes:
    return b"\n" + dice.randbytes(30).hex().encode() + b"\n"
