"""What another service registers of a contract, and what became of it."""

from typing import Annotated

import strawberry
from strawberry.scalars import ID

from contract_server.graphql.types import results
from contract_server.graphql.types.inputs import CONTRACT_ID


@strawberry.input(description="会社名, 会社住所, 郵便番号, 電話番号.")
class CompanyInput:
    name: str = strawberry.field(description="会社名, in 1 to 200 characters.")
    address: str = strawberry.field(description="会社住所, in 1 to 400 characters.")
    postal_code: str = strawberry.field(description="郵便番号, in 1 to 20 characters.")
    phone_number: str = strawberry.field(description="電話番号, in 1 to 30 characters.")


@strawberry.input(description="契約者.")
class ContractorInput:
    name: str = strawberry.field(description="契約者名, in 1 to 200 characters.")
    email: str = strawberry.field(
        description=(
            "契約者メールアドレス. Its domain is kept in A-labels. Full-width characters are refused, and letters"
            " beyond ASCII before the @."
        )
    )


@strawberry.input(description="会員.")
class MemberInput:
    id: ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="A UUID; without it, the registered member with this address, or else a new one.",
    )
    name: str = strawberry.field(description="The name, in 1 to 200 characters.")
    email: str = strawberry.field(description="The address, kept as it is given; each once.")


@strawberry.input(description="All that is to be registered of a contract: members that are left out are removed.")
class PutRegistrationInput:
    contract_id: ID = strawberry.field(description=CONTRACT_ID)
    company: CompanyInput = strawberry.field(description="The company.")
    contractor: ContractorInput = strawberry.field(description="The contractor.")
    members: list[MemberInput] = strawberry.field(description="All members.")
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Refused as STALE_CONTRACT when the contract has changed since, unless all of it is registered.",
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The same key with the same input gives the first answer again, for at least 24 hours.",
    )


@strawberry.type(description="It is registered, from now on or already before.")
class RegistrationPut:
    contract_id: ID = strawberry.field(description=CONTRACT_ID)
    version: int = strawberry.field(description="The contract's version now; as before if nothing changed.")
    members_added: int = strawberry.field(description="How many members are new.")
    members_changed: int = strawberry.field(description="How many members have another name or address.")
    members_removed: int = strawberry.field(
        description="How many members were removed; what was registered of them is erased."
    )


@strawberry.type(description="The registration stays as it was; `code` says why.")
class RegistrationRefused(results.ConcreteProblem):
    version: int = strawberry.field(description="The contract's version.")


PutRegistrationResult = Annotated[
    RegistrationPut
    | RegistrationRefused
    | results.ContractNotFound
    | results.IdempotencyKeyReused
    | results.InvalidInput,
    strawberry.union("PutRegistrationResult", description="Registered, or why not."),
]
