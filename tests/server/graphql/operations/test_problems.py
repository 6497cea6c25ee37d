"""Every expected failure becomes a problem with a code and a message in the request's language."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.server.graphql.without_database import NOW, context_of, terminated

from contract_rules import Action, Actor, Reason, Refused
from contract_server.accounts.login import Busy, InvalidCredentials, MailedLinkRequired
from contract_server.accounts.password_reset import InvalidResetToken
from contract_server.accounts.passwords.rules import PasswordProblem, UnsuitablePassword
from contract_server.accounts.rate_limit_store import TooManyAttempts
from contract_server.contracts import result as errors
from contract_server.graphql.language import words
from contract_server.graphql.operations.problems import HANDLERS, InvalidInputError
from contract_server.graphql.strawberry_internals import get_exception_types


def refused(reason: Reason) -> errors.ActionRefused:
    application = terminated().facts.application
    assert application is not None
    refusal = Refused(reason, Action.TERMINATE, Actor.CONTRACTOR, NOW, application.timeline)
    return errors.ActionRefused(terminated(), NOW, refusal)


def problem_of(failure: Exception, language: str = "en") -> Any:  # noqa: ANN401 - of any type of problem
    """What the handler of the failure returns."""
    (handler,) = (handler for handler in HANDLERS if isinstance(failure, get_exception_types(handler)))
    info: Any = SimpleNamespace(context=context_of(language=language))
    field: Any = None
    return handler.handle(failure, field=field, info=info)


EXPECTED = [
    (InvalidInputError(["input", "to"], words(ja="未来", en="future")), "INVALID_INPUT"),
    *((UnsuitablePassword(problem), "INVALID_INPUT") for problem in PasswordProblem),
    (errors.ContractNotFound(), "CONTRACT_NOT_FOUND"),
    (errors.StaleContract(terminated(), NOW), "STALE_CONTRACT"),
    (errors.IdempotencyKeyReused(), "IDEMPOTENCY_KEY_REUSED"),
    (InvalidCredentials(), "INVALID_CREDENTIALS"),
    (TooManyAttempts(NOW), "TOO_MANY_ATTEMPTS"),
    (MailedLinkRequired(), "MAILED_LINK_REQUIRED"),
    (Busy(NOW), "BUSY"),
    (InvalidResetToken(), "INVALID_RESET_TOKEN"),
    (refused(Reason.ALREADY_TERMINATED), "ALREADY_TERMINATED"),
]


@pytest.mark.parametrize(
    ("failure", "code"), EXPECTED, ids=lambda value: repr(value)[:60] if isinstance(value, Exception) else value
)
def test_a_failure_has_its_code_and_a_message_in_both_languages(failure: Exception, code: str) -> None:
    japanese, english = problem_of(failure, "ja"), problem_of(failure, "en")
    assert japanese.code.value == english.code.value == code
    assert english.message.isascii()
    assert not japanese.message.isascii()


def test_a_refusal_and_a_stale_version_come_with_the_contract() -> None:
    for failure in (refused(Reason.ALREADY_TERMINATED), errors.StaleContract(terminated(), NOW)):
        assert problem_of(failure).contract.snapshot == terminated()


def test_a_refusal_that_no_mutation_can_cause_is_an_internal_error() -> None:
    with pytest.raises(ValueError, match="NOT_DUE_YET"):
        problem_of(refused(Reason.NOT_DUE_YET))


@pytest.mark.parametrize(("seconds", "shown"), [(0, "09:30"), (1, "09:31"), (60, "09:31")])
def test_the_next_try_is_shown_as_a_full_minute_that_is_not_too_early(seconds: int, shown: str) -> None:
    problem = problem_of(TooManyAttempts(NOW + timedelta(seconds=seconds)))
    assert shown in problem.message
    assert problem.retry_at == NOW + timedelta(seconds=seconds)
