"""The mutation by which another service confirms what became of its copies of an erased contract."""

import strawberry
from strawberry.scalars import ID

from contract_server.erasure.confirmations import Answer, RetainedTooShort
from contract_server.erasure.confirmations import NotErasedYet as NotErasedError
from contract_server.erasure.models import ConfirmedOutcome
from contract_server.graphql.context import RequestInfo
from contract_server.graphql.language import words
from contract_server.graphql.operations.arguments import read_contract_id, value_or_none
from contract_server.graphql.operations.problems import InvalidInputError
from contract_server.graphql.permissions import require_scope
from contract_server.graphql.types.inputs import Input
from contract_server.graphql.types.integration.confirmations import (
    LONGEST_REASON,
    ConfirmErasureInput,
    ConfirmErasureResult,
    ErasureConfirmed,
    NotErasedYet,
)
from contract_server.graphql.types.results import ProblemCode
from contract_server.integration.models import Scope
from contract_server.visible_text import InvalidValue, require_line

_REASON = words(
    ja=f"理由は1文字以上{LONGEST_REASON}文字以内で、個人情報、改行や見えない文字を含めずに入力してください。",
    en=f"reason: 1 to {LONGEST_REASON} visible characters in one line, about no person, are expected with RETAINED.",
)
_UNTIL = words(
    ja="until には、保持する最後の日（今日以降）を指定してください。",
    en="until: the last day on which it is retained, today or later, is expected with RETAINED.",
)
_OF_RETAINED = words(
    ja="reason と until は、outcome が RETAINED の場合だけ指定してください。",
    en="reason and until belong to RETAINED: leave them out.",
)
_NOT_ERASED = words(
    ja="この契約の登録情報はまだ抹消されていません。変更フィードの ERASED を受け取ってから、もう一度送信してください。",
    en="The contract is not erased. Send this again once the feed has `ERASED`.",
)


@strawberry.type
class ConfirmationMutation:
    """What other services confirm."""

    @strawberry.mutation(
        description="A service with scope `erasures`. Says what became of its own copies of an erased contract."
    )
    async def confirm_erasure(self, info: RequestInfo, input: Input[ConfirmErasureInput]) -> ConfirmErasureResult:
        service = await require_scope(info.context, Scope.ERASURES)
        contract_id, answer = read_contract_id(input.contract_id), read_answer(input)
        try:
            confirmed = await info.context.services.confirmations.confirm(contract_id, service.id, service.name, answer)
        except RetainedTooShort:
            raise InvalidInputError(["input", "until"], _UNTIL) from None
        return ErasureConfirmed(
            contract_id=ID(str(contract_id)),
            outcome=confirmed.answer.outcome,
            confirmed_at=info.context.local(confirmed.confirmed_at),
            evidence_hash=confirmed.hash,
        )


class NotErasedYetHandler(strawberry.ExceptionHandler[NotErasedError, NotErasedYet]):
    """Reports when the contract is to be erased."""

    def handle(self, exception: NotErasedError, *, field: object, info: RequestInfo) -> NotErasedYet:
        at = exception.erasure_at
        return NotErasedYet(
            code=ProblemCode.NOT_ERASED_YET,
            message=_NOT_ERASED[info.context.language],
            erasure_at=info.context.local(at) if at else None,
            on_hold=exception.held,
        )


def read_answer(input: ConfirmErasureInput) -> Answer:
    """Check an answer, value by value.

    Raises:
        InvalidInputError: A value does not fit the outcome.
    """
    reason, until = value_or_none(input.reason), value_or_none(input.until)
    if input.outcome is not ConfirmedOutcome.RETAINED:
        if reason is not None or until is not None:
            raise InvalidInputError(["input", "reason" if until is None else "until"], _OF_RETAINED)
        return Answer(input.outcome)
    if until is None:
        raise InvalidInputError(["input", "until"], _UNTIL)
    return Answer(input.outcome, _read_reason(reason), until)


def _read_reason(text: str | None) -> str:
    try:
        return require_line(text or "", LONGEST_REASON)
    except InvalidValue:
        raise InvalidInputError(["input", "reason"], _REASON) from None
