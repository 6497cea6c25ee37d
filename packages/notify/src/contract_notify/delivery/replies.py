"""Map a mail server's answer, or its silence, to a delivery failure.

| where it ends | 4xx | 5xx | closed, silent, unintelligible, no TLS |
| --- | --- | --- | --- |
| connect, EHLO, STARTTLS, AUTH | temporary | temporary | temporary |
| MAIL, RCPT, DATA | temporary | permanent (530: temporary) | temporary |
| the final dot | temporary | permanent (530: temporary) | unknown |

Before MAIL the server knows nothing of the mail: a 5xx there (no service here, wrong password) and a 530
later ("authentication required") mean a fault of the server or of our settings. Every mail would get the same
answer, so that no mail fails for it; the age of the oldest unsent mail raises the alarm.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from contract_notify.failures import DeliveryFailure, OutcomeUnknown, PermanentFailure, TemporaryFailure


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


_BEFORE_THE_MAIL: Final = _Row(about_the_mail=False, without_answer=TemporaryFailure)
_ENVELOPE: Final = _Row(about_the_mail=True, without_answer=TemporaryFailure)
_HANDED_OVER: Final = _Row(about_the_mail=True, without_answer=OutcomeUnknown)
_ROWS: Final[Mapping[Stage, _Row]] = {
    Stage.CONNECT: _BEFORE_THE_MAIL,
    Stage.EHLO: _BEFORE_THE_MAIL,
    Stage.STARTTLS: _BEFORE_THE_MAIL,
    Stage.AUTH: _BEFORE_THE_MAIL,
    Stage.MAIL: _ENVELOPE,
    Stage.RCPT: _ENVELOPE,
    Stage.DATA: _ENVELOPE,
    Stage.DOT: _HANDED_OVER,
}
if _MISSING := [f"Stage.{stage.name}" for stage in Stage if stage not in _ROWS]:
    raise ValueError(f"_ROWS has no entry for {', '.join(_MISSING)}: write one")
_NOT_NOW: Final = range(400, 500)
_NEVER: Final = range(500, 600)
_AUTHENTICATION_REQUIRED: Final = 530
_ENHANCED_CODE: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")


def failure_of_answer(stage: Stage, code: int, text: str) -> DeliveryFailure:
    """The failure for an unexpected reply code.

    Only the enhanced status code (RFC 3463) of the text is kept: the rest may quote addresses.
    """
    if code not in _NOT_NOW and code not in _NEVER:
        return failure_of_trouble(stage, "the mail server's answer makes no sense")
    enhanced = _ENHANCED_CODE.match(text)
    reason = f"the mail server answered {code}{f' {enhanced[0]}' if enhanced else ''}"
    if code in _NEVER and _ROWS[stage].about_the_mail and code != _AUTHENTICATION_REQUIRED:
        return PermanentFailure(reason, stage=stage, code=code)
    return TemporaryFailure(reason, stage=stage, code=code)


def failure_of_trouble(stage: Stage, reason: str) -> DeliveryFailure:
    """The failure for a missing or unintelligible answer."""
    return _ROWS[stage].without_answer(reason, stage=stage)
