"""The headers of a mail, as the standard library reads and writes them; what many mails share is written once.

Reading and folding headers takes most of the time in which a mail is made: the library makes a class for every header
of every mail, and works out anew where each line breaks.
"""

from email.headerregistry import BaseHeader, HeaderRegistry
from email.policy import SMTP, SMTPUTF8, EmailPolicy, Policy
from typing import Any, Final


class _Header(BaseHeader):
    """A header that remembers how it is written, for as long as it lives."""

    def fold(self, *, policy: Policy) -> str:
        how = (policy.utf8, policy.max_line_length, policy.linesep) if isinstance(policy, EmailPolicy) else policy
        known: dict[object, str] = self.__dict__.setdefault("_folded", {})
        if how not in known:
            known[how] = super().fold(policy=policy)
        return known[how]


class _Headers(HeaderRegistry):
    """Makes the class of a header when it is first asked for."""

    def __init__(self) -> None:
        super().__init__(base_class=_Header)
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a class of the library, and ours beside it
        if name not in self._made:
            self._made[name] = super().__getitem__(name)
        return self._made[name]


_HEADERS: Final = _Headers()

ASCII_HEADERS: Final = SMTP.clone(header_factory=_HEADERS, cte_type="7bit")
"""Lines end in CRLF, and every byte is ASCII."""

UTF8_HEADERS: Final = SMTPUTF8.clone(header_factory=_HEADERS, cte_type="7bit")
"""Lines end in CRLF, and headers have letters beyond ASCII as they are (RFC 6532)."""
