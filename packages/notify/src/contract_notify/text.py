"""Check that a text stays on one line of a mail."""

import re
from typing import Final

# the Unicode categories Cc, Zl, Zp, and Cs
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def is_one_line(text: str) -> bool:
    """Whether a text stays on one line and can be encoded: no control character, no line separator.

    Unicode has two line breaks beyond the control characters, U+2028 and U+2029. The full-width space of
    Japanese text is none.

    >>> is_one_line("株式会社　さくら"), is_one_line("a\\r\\nBcc: b"), is_one_line("a\\u2028b")
    (True, False, False)
    """
    return _BREAKS.search(text) is None


def require_one_line(text: str, *, what: str) -> str:
    """Return the text if it stays on one line, else raise a `ValueError` that does not quote it."""
    if not is_one_line(text):
        raise ValueError(f"{what}: control characters and line breaks are not allowed")
    return text
