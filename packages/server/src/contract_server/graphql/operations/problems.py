"""Expected failures: their handlers turn exceptions into members of a mutation's union."""

from datetime import timedelta
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from contract_rules import Reason, complete, explain_refusal
from contract_server.accounts.administration.address_change import InvalidAddressLink
from contract_server.accounts.email import EmailTaken
from contract_server.accounts.login import Busy, InvalidCredentials, MailedLinkRequired
from contract_server.accounts.password_reset import InvalidResetToken as ResetTokenError
from contract_server.accounts.passwords.rules import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    PasswordProblem,
    UnsuitablePassword,
)
from contract_server.accounts.rate_limit_store import TooManyAttempts
from contract_server.accounts.second_factor.enrolment import InvalidEnrolmentLink
from contract_server.accounts.second_factor.passkeys import SecondFactorRefused as RefusedProof
from contract_server.contracts import result as errors
from contract_server.contracts.result import Obstacle
from contract_server.graphql.context import RequestInfo
from contract_server.graphql.language import Words, words
from contract_server.graphql.types import results
from contract_server.graphql.types.contract import Contract
from contract_server.graphql.types.results import ProblemCode

_CONTRACT_NOT_FOUND = words(
    ja="該当する契約が見つかりません。契約IDをご確認ください。",
    en="There is no such contract. Please check the contract's id.",
)
_STALE_CONTRACT = words(
    ja="契約の内容が更新されています。最新の内容をご確認のうえ、もう一度お試しください。",
    en="The contract has changed since. Please look at it as it is now, then try again.",
)
_KEY_REUSED = words(
    ja="この idempotencyKey は別の内容の操作で使用されています。新しい値を指定してください。",
    en="This idempotencyKey was used with another input. Please choose a new one.",
)
_TOO_MANY_CHANGES = words(
    ja="本日のお手続きは上限の{most}回に達しました。明日以降にお試しいただくか、次の窓口までご連絡ください。{contact_url}",
    en="You have made {most} changes today: no more are possible. Please try tomorrow, or ask here: {contact_url}",
)
_INVALID_CREDENTIALS = words(
    ja="メールアドレスまたはパスワードが正しくありません。",
    en="The e-mail address or the password is not right.",
)
_TOO_MANY_ATTEMPTS = words(
    ja="ログインの試行回数が上限に達しました。{until}以降にもう一度お試しください。",
    en="There were too many attempts to log in. Please try again at {until} or later.",
)
_MAILED_LINK_REQUIRED = words(
    ja="ログインの失敗が続いたため、初めてご利用の端末からはパスワードでログインできません。パスワード再設定をお申し込みのうえ、"
    "メールに記載のURLからお手続きください。",
    en="After many failed attempts, a device that is new to this account cannot log in with the password. Please ask"
    " for a new password, and open the link in the mail on this device.",
)
_BUSY = words(
    ja="ただいまログインが混み合っています。数秒後にもう一度お試しください。試行回数には数えられません。",
    en="Many people are logging in just now. Please try again in a few seconds; this try was not counted.",
)
_INVALID_RESET_TOKEN = words(
    ja="このリンクは無効か、有効期限が切れています。パスワード再設定をもう一度お申し込みください。",
    en="This link is not valid, or no longer. Please ask for a new one.",
)
_INVALID_ADDRESS_LINK = words(
    ja="このリンクは無効か、有効期限が切れています。変更をもう一度お申し込みください。",
    en="This link is not valid, or no longer. Please ask for the change again.",
)
_ADDRESS_TAKEN = words(
    ja="このメールアドレスは、すでに使用されています。別のメールアドレスで、もう一度お申し込みください。",
    en="Another account has this address. Please ask for a change to another one.",
)
_SECOND_FACTOR_REFUSED = words(
    ja="認証できませんでした。もう一度お試しいただくか、別のパスキーまたは回復用コードをご利用ください。",
    en="This was not accepted. Please try again, or use another passkey or a recovery code.",
)
_INVALID_ENROLMENT_LINK = words(
    ja="このリンクは無効か、有効期限が切れています。ほかの運用担当者に新しいリンクの発行をご依頼ください。",
    en="This link is not valid, or no longer. Please ask another operator for a new one.",
)
UNSUITABLE_PASSWORD = complete(
    "UNSUITABLE_PASSWORD",
    PasswordProblem,
    {
        PasswordProblem.LENGTH: words(
            ja=f"新しいパスワードは{SHORTEST_PASSWORD}文字以上{LONGEST_PASSWORD}文字以内で入力してください。",
            en=f"The new password needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.",
        ),
        PasswordProblem.COMMON: words(
            ja="よく使われるパスワードのため、推測されるおそれがあります。別のパスワードを入力してください。",
            en="The new password is a common one, which is guessed first. Please choose another.",
        ),
        PasswordProblem.NAMES: words(
            ja=f"サービス名、会社名、メールアドレスを除いて{SHORTEST_PASSWORD}文字以上のパスワードを入力してください。",
            en=f"The new password needs {SHORTEST_PASSWORD} characters besides the names of the service and the company"
            " and the e-mail address.",
        ),
        PasswordProblem.RUNS: words(
            ja=f"キーボードの並びや連続した文字を除いて{SHORTEST_PASSWORD}文字以上のパスワードを入力してください。",
            en=f"The new password needs {SHORTEST_PASSWORD} characters besides runs of keys or letters.",
        ),
        PasswordProblem.REPETITIONS: words(
            ja=f"文字の繰り返しを除いて{SHORTEST_PASSWORD}文字以上のパスワードを入力してください。",
            en=f"The new password needs {SHORTEST_PASSWORD} characters besides repetitions.",
        ),
    },
)

_CODES = complete(
    "_CODES",
    Reason,
    {
        Reason.ALREADY_TERMINATED: ProblemCode.ALREADY_TERMINATED,
        Reason.NOT_TERMINATED: ProblemCode.NOT_TERMINATED,
        Reason.RESUME_WINDOW_CLOSED: ProblemCode.RESUME_WINDOW_CLOSED,
        Reason.CONTRACT_ERASED: ProblemCode.CONTRACT_ERASED,
        Reason.NOT_DUE_YET: None,
        Reason.SERVICE_END_RECORDED: None,
        Reason.ERASURE_ON_HOLD: None,
        Reason.ACTOR_NOT_PERMITTED: None,
        Reason.DATE_OUT_OF_RANGE: None,
    },
)
"""The code of a refusal; None for reasons that the mutations cannot cause."""

NOT_POSSIBLE = complete(
    "NOT_POSSIBLE",
    Obstacle,
    {
        Obstacle.NO_CONTRACTOR: words(
            ja="この契約には契約者様のアカウントがありません（登録情報が抹消されたか、アカウントが未登録です）。",
            en="The contract has no contractor: its data was erased, or no account was added yet.",
        ),
        Obstacle.MAIL_NOT_FAILED: words(
            ja="このメールは送信できなかったメールではないか、送信する必要がなくなっています。最新の状態をご確認ください。",
            en="This mail has not failed, or is no longer useful. Please look at it as it is now.",
        ),
        Obstacle.NO_FAILED_ACTION: words(
            ja="再試行の対象となる、中断した処理はありません。",
            en="No due action has failed permanently: there is nothing to try again.",
        ),
        Obstacle.NOTHING_TO_APPROVE: words(
            ja="この承認を待っている抹消はありません。最新の状態をご確認ください。",
            en="No erasures wait for this approval. Please look at them as they are now.",
        ),
        Obstacle.SECOND_PERSON_REQUIRED: words(
            ja="承認は、依頼した方とは別の運用担当者が行ってください。",
            en="Another operator than the one who asked has to approve.",
        ),
        Obstacle.HOLD_NOT_NAMED: words(
            ja="有効な保留が複数あります。解除する保留を holdId で指定してください。",
            en="Several holds are in force. Please name the one to release by `holdId`.",
        ),
        Obstacle.HOLD_NOT_FOUND: words(
            ja="この契約にその保留はありません。最新の状態をご確認ください。",
            en="The contract has no such hold. Please look at its holds as they are now.",
        ),
    },
)
_UP_TO_FULL_MINUTE = timedelta(seconds=59, microseconds=999_999)


class InvalidInputError(Exception):
    """Input has the right types and a wrong value."""

    def __init__(self, path: list[str], words: Words) -> None:
        super().__init__(".".join(path))
        self.path = path
        self.words = words


class InvalidInputHandler(strawberry.ExceptionHandler[InvalidInputError, results.InvalidInput]):
    """Names the position in the input and what is expected."""

    def handle(
        self, exception: InvalidInputError, *, field: StrawberryField, info: RequestInfo
    ) -> results.InvalidInput:
        message = exception.words[info.context.language]
        return results.InvalidInput(code=ProblemCode.INVALID_INPUT, message=message, path=exception.path)


class UnsuitablePasswordHandler(strawberry.ExceptionHandler[UnsuitablePassword, results.InvalidInput]):
    """Names what a password needs."""

    def handle(
        self, exception: UnsuitablePassword, *, field: StrawberryField, info: RequestInfo
    ) -> results.InvalidInput:
        message = UNSUITABLE_PASSWORD[exception.problem][info.context.language]
        return results.InvalidInput(code=ProblemCode.INVALID_INPUT, message=message, path=["input", "newPassword"])


class ContractNotFoundHandler(strawberry.ExceptionHandler[errors.ContractNotFound, results.ContractNotFound]):
    """Reports unknown and foreign contracts alike."""

    def handle(
        self, exception: errors.ContractNotFound, *, field: StrawberryField, info: RequestInfo
    ) -> results.ContractNotFound:
        message = _CONTRACT_NOT_FOUND[info.context.language]
        return results.ContractNotFound(code=ProblemCode.CONTRACT_NOT_FOUND, message=message)


class ActionRefusedHandler(strawberry.ExceptionHandler[errors.ActionRefused, results.ActionRefused]):
    """Reports the rules' explanation and the current contract."""

    def handle(
        self, exception: errors.ActionRefused, *, field: StrawberryField, info: RequestInfo
    ) -> results.ActionRefused:
        context = info.context
        code = _CODES[exception.refusal.reason]
        if code is None:
            raise ValueError(f"no mutation can be refused for {exception.refusal.reason}: add its code to _CODES")
        return results.ActionRefused(
            code=code,
            message=explain_refusal(exception.refusal, context.services.policies.registry, context.language),
            contract=Contract.of(exception.contract, exception.at),
        )


class StaleContractHandler(strawberry.ExceptionHandler[errors.StaleContract, results.StaleContract]):
    """Reports the current contract."""

    def handle(
        self, exception: errors.StaleContract, *, field: StrawberryField, info: RequestInfo
    ) -> results.StaleContract:
        return results.StaleContract(
            code=ProblemCode.STALE_CONTRACT,
            message=_STALE_CONTRACT[info.context.language],
            contract=Contract.of(exception.contract, exception.at),
        )


class IdempotencyKeyReusedHandler(
    strawberry.ExceptionHandler[errors.IdempotencyKeyReused, results.IdempotencyKeyReused]
):
    """Reports a key that was used with another input."""

    def handle(
        self, exception: errors.IdempotencyKeyReused, *, field: StrawberryField, info: RequestInfo
    ) -> results.IdempotencyKeyReused:
        message = _KEY_REUSED[info.context.language]
        return results.IdempotencyKeyReused(code=ProblemCode.IDEMPOTENCY_KEY_REUSED, message=message)


class TooManyChangesHandler(strawberry.ExceptionHandler[errors.TooManyChanges, results.TooManyChanges]):
    """Names the instant of the next change, and where to ask for one before it."""

    def handle(
        self, exception: errors.TooManyChanges, *, field: StrawberryField, info: RequestInfo
    ) -> results.TooManyChanges:
        context, contact_url = info.context, info.context.services.settings.contact_url
        return results.TooManyChanges(
            code=ProblemCode.TOO_MANY_CHANGES,
            message=_TOO_MANY_CHANGES[context.language].format(most=exception.most, contact_url=contact_url),
            retry_at=exception.until,
            contact_url=contact_url,
        )


class NotPossibleHandler(strawberry.ExceptionHandler[errors.NotPossible, results.NotPossible]):
    """Names what is in the way."""

    def handle(
        self, exception: errors.NotPossible, *, field: StrawberryField, info: RequestInfo
    ) -> results.NotPossible:
        message = NOT_POSSIBLE[exception.obstacle][info.context.language]
        return results.NotPossible(code=ProblemCode[exception.obstacle.name], message=message)


class InvalidCredentialsHandler(strawberry.ExceptionHandler[InvalidCredentials, results.LogInRefused]):
    """Does not reveal whether the address or the password is wrong."""

    def handle(
        self, exception: InvalidCredentials, *, field: StrawberryField, info: RequestInfo
    ) -> results.LogInRefused:
        message = _INVALID_CREDENTIALS[info.context.language]
        return results.LogInRefused(code=ProblemCode.INVALID_CREDENTIALS, message=message, retry_at=None)


class TooManyAttemptsHandler(strawberry.ExceptionHandler[TooManyAttempts, results.LogInRefused]):
    """Names the instant of the next try, in real time even where the test clock is moved."""

    def handle(self, exception: TooManyAttempts, *, field: StrawberryField, info: RequestInfo) -> results.LogInRefused:
        context = info.context
        retry_at = context.local(exception.retry_at)
        message = _TOO_MANY_ATTEMPTS[context.language].format(until=f"{retry_at + _UP_TO_FULL_MINUTE:%H:%M}")
        return results.LogInRefused(code=ProblemCode.TOO_MANY_ATTEMPTS, message=message, retry_at=retry_at)


class MailedLinkRequiredHandler(strawberry.ExceptionHandler[MailedLinkRequired, results.LogInRefused]):
    """Tells the way in that no failures of others can close."""

    def handle(
        self, exception: MailedLinkRequired, *, field: StrawberryField, info: RequestInfo
    ) -> results.LogInRefused:
        message = _MAILED_LINK_REQUIRED[info.context.language]
        return results.LogInRefused(code=ProblemCode.MAILED_LINK_REQUIRED, message=message, retry_at=None)


class BusyHandler(strawberry.ExceptionHandler[Busy, results.LogInRefused]):
    """Names the instant of the next try, which is a few seconds ahead."""

    def handle(self, exception: Busy, *, field: StrawberryField, info: RequestInfo) -> results.LogInRefused:
        context = info.context
        return results.LogInRefused(
            code=ProblemCode.BUSY, message=_BUSY[context.language], retry_at=context.local(exception.retry_at)
        )


class InvalidResetTokenHandler(strawberry.ExceptionHandler[ResetTokenError, results.InvalidResetToken]):
    """Reports unknown, used and expired tokens alike."""

    def handle(
        self, exception: ResetTokenError, *, field: StrawberryField, info: RequestInfo
    ) -> results.InvalidResetToken:
        message = _INVALID_RESET_TOKEN[info.context.language]
        return results.InvalidResetToken(code=ProblemCode.INVALID_RESET_TOKEN, message=message)


class InvalidAddressLinkHandler(strawberry.ExceptionHandler[InvalidAddressLink, results.AddressNotConfirmed]):
    """Reports unknown, used and expired tokens alike."""

    def handle(
        self, exception: InvalidAddressLink, *, field: StrawberryField, info: RequestInfo
    ) -> results.AddressNotConfirmed:
        message = _INVALID_ADDRESS_LINK[info.context.language]
        return results.AddressNotConfirmed(code=ProblemCode.INVALID_ADDRESS_LINK, message=message)


class AddressTakenHandler(strawberry.ExceptionHandler[EmailTaken, results.AddressNotConfirmed]):
    """Reports an address that another account has got meanwhile."""

    def handle(
        self, exception: EmailTaken, *, field: StrawberryField, info: RequestInfo
    ) -> results.AddressNotConfirmed:
        message = _ADDRESS_TAKEN[info.context.language]
        return results.AddressNotConfirmed(code=ProblemCode.ADDRESS_TAKEN, message=message)


class SecondFactorRefusedHandler(strawberry.ExceptionHandler[RefusedProof, results.SecondFactorRefused]):
    """Does not reveal why."""

    def handle(
        self, exception: RefusedProof, *, field: StrawberryField, info: RequestInfo
    ) -> results.SecondFactorRefused:
        message = _SECOND_FACTOR_REFUSED[info.context.language]
        return results.SecondFactorRefused(code=ProblemCode.SECOND_FACTOR_REFUSED, message=message)


class InvalidEnrolmentLinkHandler(strawberry.ExceptionHandler[InvalidEnrolmentLink, results.SecondFactorRefused]):
    """Reports unknown, used and expired tokens alike."""

    def handle(
        self, exception: InvalidEnrolmentLink, *, field: StrawberryField, info: RequestInfo
    ) -> results.SecondFactorRefused:
        message = _INVALID_ENROLMENT_LINK[info.context.language]
        return results.SecondFactorRefused(code=ProblemCode.INVALID_ENROLMENT_LINK, message=message)


HANDLERS: tuple[strawberry.ExceptionHandler[Any, Any], ...] = (
    InvalidInputHandler(),
    UnsuitablePasswordHandler(),
    ContractNotFoundHandler(),
    ActionRefusedHandler(),
    StaleContractHandler(),
    IdempotencyKeyReusedHandler(),
    TooManyChangesHandler(),
    NotPossibleHandler(),
    InvalidCredentialsHandler(),
    TooManyAttemptsHandler(),
    MailedLinkRequiredHandler(),
    BusyHandler(),
    InvalidResetTokenHandler(),
    InvalidAddressLinkHandler(),
    AddressTakenHandler(),
    SecondFactorRefusedHandler(),
    InvalidEnrolmentLinkHandler(),
)
