"""The mutation by which another service replaces what is registered of a contract."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import strawberry
from strawberry.scalars import ID

from contract_rules import complete
from contract_server.contracts.registration.differences import (
    Company,
    Contractor,
    Member,
    Registration,
    RegistrationRefusal,
)
from contract_server.graphql.context import RequestInfo
from contract_server.graphql.language import Words, words
from contract_server.graphql.operations.arguments import read_contract_id, read_idempotency_key, value_or_none
from contract_server.graphql.operations.problems import InvalidInputError
from contract_server.graphql.permissions import require_scope
from contract_server.graphql.types.inputs import Input
from contract_server.graphql.types.integration.registration import (
    CompanyInput,
    ContractorInput,
    MemberInput,
    PutRegistrationInput,
    PutRegistrationResult,
    RegistrationPut,
    RegistrationRefused,
)
from contract_server.graphql.types.results import ProblemCode
from contract_server.integration.models import Scope
from contract_server.integration.registrations import RegistrationRefused as RefusedError
from contract_server.onboarding import checks
from contract_server.visible_text import InvalidValue

Value = TypeVar("Value")

_REFUSALS: Mapping[RegistrationRefusal, tuple[ProblemCode, Words]] = complete(
    "_REFUSALS",
    RegistrationRefusal,
    {
        RegistrationRefusal.CONTRACT_NOT_FOUND: (
            ProblemCode.CONTRACT_NOT_FOUND,
            words(ja="該当する契約が見つかりません。", en="There is no such contract."),
        ),
        RegistrationRefusal.CONTRACT_ERASED: (
            ProblemCode.CONTRACT_ERASED,
            words(
                ja="登録情報は抹消されています。新しい登録はできません。",
                en="What was registered has been erased; nothing can be registered again.",
            ),
        ),
        RegistrationRefusal.SERVICE_ENDED: (
            ProblemCode.SERVICE_ENDED,
            words(
                ja="利用が終了しているため、契約者メールアドレス以外は変更できません。",
                en="The service has ended: send everything but the contractor's address as it is registered.",
            ),
        ),
        RegistrationRefusal.ERASURE_HELD: (
            ProblemCode.ERASURE_HELD,
            words(
                ja="抹消が保留されているため、会員の追加と契約者メールアドレスの変更以外はできません。",
                en="The erasure is on hold: add members or change the contractor's address, and send the rest as it is"
                " registered.",
            ),
        ),
        RegistrationRefusal.STALE_CONTRACT: (
            ProblemCode.STALE_CONTRACT,
            words(
                ja="契約の内容が更新されています。version をご確認のうえ、もう一度お試しください。",
                en="The contract has changed since; compare, and send it again with its present version.",
            ),
        ),
        RegistrationRefusal.EMAIL_TAKEN: (
            ProblemCode.EMAIL_TAKEN,
            words(
                ja="この契約者メールアドレスは別のアカウントで使用されています。",
                en="Another account has the contractor's address; send another one.",
            ),
        ),
        RegistrationRefusal.MEMBER_ID_TAKEN: (
            ProblemCode.MEMBER_ID_TAKEN,
            words(
                ja="会員のIDが別の契約で使用されています。新しい値を指定してください。",
                en="A member of another contract has one of the ids; choose a new one.",
            ),
        ),
        RegistrationRefusal.NO_CONTRACTOR: (
            ProblemCode.NO_CONTRACTOR,
            words(
                ja="この契約には契約者様のアカウントがありません。運用担当者にお問い合わせください。",
                en="The contract has no contractor; ask an operator to add one.",
            ),
        ),
    },
)


@strawberry.type
class RegistrationMutation:
    """What other services may change."""

    @strawberry.mutation(description="A service with scope `registrations`. Replaces all that is registered.")
    async def put_registration(self, info: RequestInfo, input: Input[PutRegistrationInput]) -> PutRegistrationResult:
        service = await require_scope(info.context, Scope.REGISTRATIONS)
        key = read_idempotency_key(input.idempotency_key)
        result = await info.context.services.registrations.put(service, read_registration(input), key)
        changed = result.differences
        return RegistrationPut(
            contract_id=ID(str(result.contract_id)),
            version=result.version,
            members_added=len(changed.added),
            members_changed=len(changed.changed),
            members_removed=len(changed.removed),
        )


class RegistrationRefusedHandler(strawberry.ExceptionHandler[RefusedError, RegistrationRefused]):
    """Reports why, and the version to look at."""

    def handle(self, exception: RefusedError, *, field: object, info: RequestInfo) -> RegistrationRefused:
        code, message = _REFUSALS[exception.refusal]
        return RegistrationRefused(code=code, message=message[info.context.language], version=exception.version)


def read_registration(input: PutRegistrationInput) -> Registration:
    """Check a registration, value by value.

    Raises:
        ContractNotFound: The contract's id is none.
        InvalidInputError: A value does not fit.
    """
    return Registration(
        contract_id=read_contract_id(input.contract_id),
        company=_company(input.company),
        contractor=_contractor(input.contractor),
        members=_members(input.members),
        expected_version=value_or_none(input.expected_version),
    )


def _company(company: CompanyInput) -> Company:
    path = ["input", "company"]
    return Company(
        name=_checked([*path, "name"], checks.name, company.name),
        address=_checked([*path, "address"], checks.company_address, company.address),
        postal_code=_checked([*path, "postalCode"], checks.postal_code, company.postal_code),
        phone_number=_checked([*path, "phoneNumber"], checks.phone_number, company.phone_number),
    )


def _contractor(contractor: ContractorInput) -> Contractor:
    path = ["input", "contractor"]
    return Contractor(
        name=_checked([*path, "name"], checks.name, contractor.name),
        email=_checked([*path, "email"], checks.email, contractor.email),
    )


def _members(members: Sequence[MemberInput]) -> list[Member]:
    checked = [_member(["input", "members", str(place)], member) for place, member in enumerate(members)]
    for name in ("id", "email"):
        seen = set()
        for place, member in enumerate(checked):
            value = getattr(member, name)
            if value is not None and value in seen:
                raise _invalid(["input", "members", str(place), name], "expected each once")
            seen.add(value)
    return checked


def _member(path: list[str], member: MemberInput) -> Member:
    member_id = value_or_none(member.id)
    return Member(
        name=_checked([*path, "name"], checks.name, member.name),
        email=_checked([*path, "email"], checks.email_of_member, member.email),
        id=None if member_id is None else _checked([*path, "id"], checks.uuid, member_id),
    )


def _checked(path: list[str], check: Callable[[str], Value], text: str) -> Value:
    try:
        return check(text)
    except InvalidValue as error:
        raise _invalid(path, str(error)) from None


def _invalid(path: list[str], reason: str) -> InvalidInputError:
    return InvalidInputError(path, words(ja=f"入力内容をご確認ください。（{reason}）", en=f"{path[-1]}: {reason}"))
