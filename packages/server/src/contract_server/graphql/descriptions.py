"""What the playground and generated clients say of what the types themselves leave to its name.

A description that explains something stands where the thing is defined. These are for whoever reads the schema from
one end to the other, and would otherwise meet silence.
"""

from collections.abc import Iterator
from typing import Protocol

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_scalar_type,
)

from contract_server.accounts.credentials import LONGEST_PASSWORD, SHORTEST_PASSWORD

# wherever they stand, these mean the same
_BY_NAME = {
    "code": "What it is, for programs.",
    "message": "For a person, in the request's language.",
    "input": "What is asked for.",
    "first": "How many at most: 1 to 100.",
    "after": "The `endCursor` of the page before; none begins with the first page.",
    "edges": "The page's items, each with its cursor.",
    "nodes": "The page's items.",
    "pageInfo": "Where the page stands in the list.",
    "cursor": "Opaque: a page that begins `after` it begins with the next item.",
    "node": "The item.",
    "contract": "The contract as it is now.",
    "contractId": "Which contract.",
}

DESCRIPTIONS = {
    "Node": "Whatever has an id of its own.",
    "Node.id": "Opaque and stable.",
    "Problem.message": "For a person, in the request's language (Accept-Language: ja, the default, or en).",
    "ProblemCode": "What stood in the way.",
    "ProblemCode.ALREADY_TERMINATED": "The contract is terminated; applying again would move no date.",
    "ProblemCode.NOT_TERMINATED": "The contract is active: there is nothing to resume.",
    "ProblemCode.RESUME_WINDOW_CLOSED": "The last day on which it could be resumed has passed.",
    "ProblemCode.CONTRACT_ERASED": "The registered information has been erased.",
    "ProblemCode.CONTRACT_NOT_FOUND": "There is no such contract for this viewer.",
    "ProblemCode.STALE_CONTRACT": "The contract has changed since `expectedVersion`.",
    "ProblemCode.IDEMPOTENCY_KEY_REUSED": "The key came with another input before.",
    "ProblemCode.INVALID_INPUT": "A value is not of the kind that is expected.",
    "ProblemCode.INVALID_CREDENTIALS": "The address or the password is not right; nobody is told which.",
    "ProblemCode.TOO_MANY_ATTEMPTS": "Too many tries; `retryAt` says when the next is possible.",
    "ProblemCode.INVALID_RESET_TOKEN": "The link is unknown, was used, or has expired.",
    "Query": "Looking changes nothing.",
    "Query.contract(id:)": "Which contract.",
    "Query.timeline(requestedOn:)": "The day of the application; today when absent.",
    "Query.contracts(filter:)": "Which contracts; all of them when absent.",
    "Query.testClock": "Development only: what time it is for the contracts.",
    "Mutation": "One a request.",
    "Mutation.resetPassword": "Set a new password by the token of a mailed link. Ends all sessions of the account.",
    "Viewer": "Whoever is logged in.",
    "Viewer.id": "The account's id.",
    "Viewer.name": "How the person is addressed.",
    "Viewer.email": "The address that the person logs in with.",
    "Viewer.role": "What the person may do.",
    "Viewer.sessionExpiresAt": "When the session ends if nothing more is asked; in real time.",
    "Role": "What an account may do.",
    "Role.CONTRACTOR": "契約者: sees the own contract, terminates and resumes it.",
    "Role.OPERATOR": "Sees every contract, and holds erasures.",
    "Contract": "契約: what a company has with おまかせログイン.",
    "Contract.id": "Stays after everything else has been erased.",
    "Company": "The company that the contract is with.",
    "Company.name": "会社名.",
    "Company.address": "会社住所.",
    "Company.postalCode": "郵便番号.",
    "Company.phoneNumber": "電話番号.",
    "Contractor": "契約者: the person who may end the contract.",
    "Contractor.name": "契約者名.",
    "Contractor.email": "契約者メールアドレス.",
    "ContractStatus": "契約状態.",
    "Termination": "利用終了の申請: the application in force, and what follows from it.",
    "Termination.id": "Another application, after resuming, has another.",
    "Termination.requestedAt": "The instant at which it was accepted.",
    "Termination.reason": "Why, where the contractor said so.",
    "Termination.timeline": "The dates that were promised; a policy that changes later moves none of them.",
    "TerminationReason": "Why a contract is terminated.",
    "TerminationReason.NO_LONGER_NEEDED": "利用する必要がなくなった.",
    "TerminationReason.MISSING_FEATURES": "必要な機能がない.",
    "TerminationReason.TOO_EXPENSIVE": "料金が高い.",
    "TerminationReason.SWITCHED_SERVICE": "他のサービスに切り替える.",
    "TerminationReason.COMPANY_CLOSED": "会社を閉じる.",
    "TerminationReason.MISTAKE": "誤って申し込んだ.",
    "TerminationReason.OTHER": "その他.",
    "Timeline.requestedOn": "申請日, in the policy's zone; not counted itself.",
    "Timeline.policyVersion": "The version of the policy that sets these dates.",
    "Timeline.serviceEnd": "Until when the service can be used.",
    "Timeline.resumption": "Until when the contract can be resumed.",
    "Timeline.erasure": "Until when the registered information is kept.",
    "Deadline": "A last day, and the instant at which it is over.",
    "Deadline.passed": "Whether `at` has come.",
    "ContractAction": "What a person can do with a contract.",
    "ContractAction.TERMINATE": "契約終了.",
    "ContractAction.RESUME": "契約再開.",
    "ErasureHold": "抹消の保留: while it is there, nothing is erased.",
    "ErasureHold.placedAt": "Since when.",
    "ErasureHold.reason": "Why, as the operator wrote it.",
    "ContractEventConnection": "A page of events, the oldest first.",
    "ContractEventEdge": "An event in its page.",
    "ContractEvent": "Something that happened to a contract.",
    "ContractEvent.id": "The event's own.",
    "ContractEvent.at": "When; of `SERVICE_ENDED` the deadline, of all others the actual instant.",
    "ContractEvent.type": "What happened.",
    "ContractEvent.actor": "Who did it.",
    "ContractEventType": "What can happen to a contract.",
    "ContractEventType.STARTED": "契約開始.",
    "ContractEventType.TERMINATION_REQUESTED": "契約終了の申請.",
    "ContractEventType.RESUMED": "契約再開.",
    "ContractEventType.SERVICE_ENDED": "利用終了: the last day of use is over.",
    "ContractEventType.ERASURE_HELD": "抹消の保留.",
    "ContractEventType.ERASURE_HOLD_RELEASED": "抹消の保留の解除.",
    "ContractEventType.ERASED": "登録情報の抹消.",
    "Actor": "Who acts.",
    "Actor.CONTRACTOR": "契約者.",
    "Actor.OPERATOR": "An operator.",
    "Actor.SYSTEM": "The service itself, when something falls due.",
    "PageInfo": "Where a page stands in its list.",
    "PageInfo.hasNextPage": "Whether something follows.",
    "PageInfo.hasPreviousPage": "Whether something went before.",
    "PageInfo.startCursor": "The first item's; null on an empty page.",
    "PageInfo.endCursor": "The last item's: what the next page begins `after`; null on an empty page.",
    "Policy": "How many days an application to terminate leaves.",
    "Policy.name": "Which policy.",
    "Policy.version": "Which version of it.",
    "Policy.timeZone": "Where its days begin and end.",
    "Policy.serviceEndDays": "Days of use after the day of the application.",
    "Policy.resumptionDays": "Days in which the contract can be resumed.",
    "Policy.erasureDays": "Days for which the registered information is kept.",
    "ContractConnection": "A page of contracts, the newest first.",
    "ContractEdge": "A contract in its page.",
    "ContractFilter": "Contracts that meet all that is given.",
    "ContractFilter.status": "In one of these states.",
    "ContractFilter.onHold": "Whether their erasure is on hold.",
    "Health": "Whether the service keeps its promises.",
    "Health.now": "When this was looked at.",
    "Health.ok": "Whether every check is.",
    "Health.lastSweepAt": "When what had fallen due was last looked for; null before the first time.",
    "Health.checks": "What was looked at.",
    "HealthCheck": "One promise, and whether it is kept.",
    "HealthCheck.name": "Which.",
    "HealthCheck.ok": "Whether it is kept.",
    "HealthCheck.detail": "The promise in words.",
    "TestClock": "The clock that contracts go by in development.",
    "TestClock.now": "What time it is for the contracts.",
    "LogInResult": "Logged in, or why not.",
    "LoggedIn": "There is a session, and browsers have its cookie.",
    "LoggedIn.viewer": "Who is logged in now.",
    "LoggedIn.token": "For clients without cookies, as `Authorization: Bearer`. It is told this once.",
    "LogInRefused": "Nobody was logged in.",
    "InvalidInput": "A value is not of the kind that is expected.",
    "LogInInput": "Who, and the proof.",
    "LogInInput.email": "The address that was registered.",
    "LogInInput.password": "The password.",
    "LoggedOut": "There is no session any more.",
    "LoggedOut.ok": "Always true.",
    "PasswordResetRequested": "If the address is registered, a mail with a link is on its way.",
    "PasswordResetRequested.ok": "Always true, for unknown addresses too.",
    "RequestPasswordResetInput": "For whom.",
    "RequestPasswordResetInput.email": "The address that was registered.",
    "ResetPasswordResult": "Set, or why not.",
    "PasswordReset": "The new password holds; all sessions have ended.",
    "PasswordReset.ok": "Always true.",
    "InvalidResetToken": "The link is unknown, was used, or has expired.",
    "ResetPasswordInput": "The link, and the new password.",
    "ResetPasswordInput.token": "What follows `/password/` in the link.",
    "ResetPasswordInput.newPassword": f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.",
    "TerminateContractResult": "Terminated, or why not.",
    "ContractTerminated": "The application is accepted, and the contract terminated.",
    "StaleContract": "The contract has changed since `expectedVersion`; nothing was done.",
    "IdempotencyKeyReused": "The key came with another input before; nothing was done.",
    "TerminateContractInput": "Which contract, and why.",
    "TerminateContractInput.reason": "Why, if the contractor likes to say so.",
    "ResumeContractResult": "Resumed, or why not.",
    "ContractResumed": "The contract is active again, and the application void.",
    "ResumeContractInput": "Which contract.",
    "ResumeContractInput.expectedVersion": "As in `TerminateContractInput`.",
    "ResumeContractInput.idempotencyKey": "As in `TerminateContractInput`.",
    "HoldErasureResult": "On hold, or why not.",
    "ErasureHeld": "The erasure is on hold, from now on or already before.",
    "HoldErasureInput": "Which contract, and why.",
    "ReleaseErasureHoldResult": "Released, or why not.",
    "ErasureHoldReleased": "No hold is there, from now on or already before.",
    "ReleaseErasureHoldInput": "Which contract.",
    "AdvanceTestClockResult": "Moved, or why not.",
    "TestClockAdvanced": "Everything that fell due on the way has been done.",
    "TestClockAdvanced.testClock": "The clock as it is now.",
    "AdvanceTestClockInput": "How far; one of the three.",
    "AdvanceTestClockInput.hours": "Hours from now.",
    "AdvanceTestClockInput.to": "The instant to move to.",
}


class Described(Protocol):
    """Whatever in a schema can have a description."""

    description: str | None


def describe(schema: GraphQLSchema) -> None:
    """Give a description to everything that has none."""
    for coordinate, element in elements(schema):
        if not element.description:
            element.description = DESCRIPTIONS.get(coordinate) or _BY_NAME.get(_name(coordinate))


def elements(schema: GraphQLSchema) -> Iterator[tuple[str, Described]]:
    """Every type, field, argument and enum value of ours, by its coordinate in the schema."""
    for name, kind in schema.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        yield name, kind
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", each) for value, each in kind.values.items())
        elif isinstance(kind, GraphQLInputObjectType):
            yield from ((f"{name}.{field}", each) for field, each in kind.fields.items())
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, each in kind.fields.items():
                yield f"{name}.{field}", each
                yield from ((f"{name}.{field}({argument}:)", taken) for argument, taken in each.args.items())


def _name(coordinate: str) -> str:
    """The last name in a coordinate: `first` of `Contract.events(first:)`."""
    return coordinate.rpartition(".")[2].rpartition("(")[2].removesuffix(":)")
