"""Map a mail server's answer, or its silence, to a delivery failure.

| where it ends | 4xx | 5xx | closed, silent, unintelligible, no TLS |
| --- | --- | --- | --- |
| connect, EHLO, STARTTLS, AUTH, MAIL | server | server | server |
| RCPT, DATA | temporary | permanent | temporary |
| the final dot | temporary | permanent | unknown |

Before RCPT the server knows nothing of the mail but its sender, which all mails share: no service here, wrong password,
a sender that is not allowed. Later answers concern the server or the sender too if their code says so: 421, 530, a
mail system that is out of order (4.3.X), a sender that is not authenticated or may not relay (5.7.X). Every mail would
get the same answer, so that no mail fails for it.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from contract_notify.failures import DeliveryFailure, OutcomeUnknown, PermanentFailure, ServerFailure, TemporaryFailure


class Stage(StrEnum):
    """Stage of a conversation with a mail server."""

    CONNECT = "connect"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "final dot"


class _Row(NamedTuple):
    """What an answer means at a stage."""

    about_the_mail: bool
    without_answer: type[DeliveryFailure]


_BEFORE_THE_MAIL: Final = _Row(about_the_mail=False, without_answer=ServerFailure)
_ENVELOPE: Final = _Row(about_the_mail=True, without_answer=TemporaryFailure)
_HANDED_OVER: Final = _Row(about_the_mail=True, without_answer=OutcomeUnknown)
_ROWS: Final[Mapping[Stage, _Row]] = {
    Stage.CONNECT: _BEFORE_THE_MAIL,
    Stage.EHLO: _BEFORE_THE_MAIL,
    Stage.STARTTLS: _BEFORE_THE_MAIL,
    Stage.AUTH: _BEFORE_THE_MAIL,
    Stage.MAIL: _BEFORE_THE_MAIL,
    Stage.RCPT: _ENVELOPE,
    Stage.DATA: _ENVELOPE,
    Stage.DOT: _HANDED_OVER,
}
if _MISSING := [f"Stage.{stage.name}" for stage in Stage if stage not in _ROWS]:
    raise ValueError(f"_ROWS has no entry for {', '.join(_MISSING)}: write one")
_NOT_NOW: Final = range(400, 500)
_NEVER: Final = range(500, 600)
_OF_THE_SERVER: Final = {421, 530}
# authentication of the client, of the sender's domain, of the tenant; a sender that is not allowed or is blocked
_ENHANCED_OF_THE_SERVER: Final = re.compile(r"4\.3\.\d+|5\.7\.(8|9|2\d|5\d|6\d|5\d\d|7\d\d)")
_RELAY_DENIED: Final = re.compile(r"\brelay(ing)? (access )?(denied|not|prohibited)|\bto relay\b", re.IGNORECASE)
_ENHANCED_CODE: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")


def failure_of_answer(stage: Stage, code: int, text: str) -> DeliveryFailure:
    """The failure for an unexpected reply code.

    Only the enhanced status code (RFC 3463) of the text is kept: the rest may quote addresses.
    """
    if code not in _NOT_NOW and code not in _NEVER:
        return failure_of_trouble(stage, "the mail server's answer makes no sense")
    found = _ENHANCED_CODE.match(text)
    enhanced = found[0] if found else None
    reason = f"the mail server answered {code}{f' {enhanced}' if enhanced else ''}"
    kind: type[DeliveryFailure] = PermanentFailure if code in _NEVER else TemporaryFailure
    if not _ROWS[stage].about_the_mail or _is_about_the_server(code, enhanced, text):
        kind = ServerFailure
    return kind(reason, stage=stage, code=code, enhanced=enhanced)


def _is_about_the_server(code: int, enhanced: str | None, text: str) -> bool:
    if code in _OF_THE_SERVER or (enhanced and _ENHANCED_OF_THE_SERVER.fullmatch(enhanced)):
        return True
    return code in _NEVER and _RELAY_DENIED.search(text) is not None


def failure_of_trouble(stage: Stage, reason: str) -> DeliveryFailure:
    """The failure for a missing or unintelligible answer."""
    return _ROWS[stage].without_answer(reason, stage=stage)
