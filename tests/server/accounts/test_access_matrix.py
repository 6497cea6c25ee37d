"""Who may do what: every query and mutation of the schema, for every caller. An operation without a row fails."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from graphql import GraphQLObjectType
from tests.server.integration.service_tokens import open_service
from tests.server.running import ACTIVE_CONTRACT, CLOSED_CONTRACT, GRACE_CONTRACT, PASSWORD, RESET, Running

from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core
from contract_server.integration.models import Scope

ANONYMOUS, EXPIRED, LOGGED_OUT, ERASED = "anonymous", "expired", "logged out", "erased"
CONTRACTOR, ANOTHER, OPERATOR = "contractor", "another contractor", "operator"
EXPIRED_SERVICE, IN_COOKIE = "expired service", "service by cookie"
SERVICES = {f"service for {scope}": scope for scope in Scope}
STRANGERS = (ANONYMOUS, EXPIRED, LOGGED_OUT, ERASED, EXPIRED_SERVICE, IN_COOKIE)
CALLERS = (CONTRACTOR, ANOTHER, OPERATOR, *STRANGERS, *SERVICES)
EMAILS = {
    CONTRACTOR: "active@example.jp",
    ANOTHER: "grace@example.jp",
    OPERATOR: "operator@example.jp",
    EXPIRED: "active@example.jp",
    LOGGED_OUT: "active@example.jp",
    ERASED: "closed@example.jp",
}


@dataclass(frozen=True)
class Row:
    """An operation on the contractor's contract, and each caller's answer: OK, null, or the code of a refusal."""

    operation: str
    answers: dict[str, str]


def row(operation: str, *, all_callers: str = "", strangers: str = "UNAUTHENTICATED", **known: str) -> Row:
    """A row for people; services are refused, unless all callers get the same answer."""
    others = {CONTRACTOR: known.get("contractor"), ANOTHER: known.get("another"), OPERATOR: known.get("operator")}
    of_services = all_callers or ("null" if strangers == "null" else "FORBIDDEN")
    answers = dict.fromkeys(STRANGERS, all_callers or strangers) | dict.fromkeys(SERVICES, of_services)
    return Row(operation, answers | {who: answer or all_callers for who, answer in others.items()})


def row_of_services(operation: str, scope: Scope, answer: str = "OK") -> Row:
    """A row for services with one scope; all others are refused."""
    answers = dict.fromkeys(CALLERS, "FORBIDDEN") | dict.fromkeys(STRANGERS, "UNAUTHENTICATED")
    return Row(operation, answers | {f"service for {scope}": answer})


# The mutations on contracts name a version that does not exist, so that nothing changes. Terminating is possible, but
# stale; resuming is refused by the rules.
STALE = f'input: {{ contractId: "{ACTIVE_CONTRACT}", expectedVersion: 0 }}'
CHANGE = "{ __typename ... on Problem { code } }"
HOLD = f'contractId: "{ACTIVE_CONTRACT}"'

NO_PASSKEY = dict.fromkeys(("contractor", "another", "operator"), "SECOND_FACTOR_REFUSED")
OPERATORS = {"contractor": "FORBIDDEN", "another": "FORBIDDEN"}
HELP = f'input: {{ {HOLD}, reason: "case 1" }}'
COMPANY = 'company: { name: "x", address: "x", postalCode: "100-0001", phoneNumber: "03-0000-0000" }'
REGISTRATION = STALE.replace("}", f'{COMPANY}, contractor: {{ name: "x", email: "active@example.jp" }}, members: [] }}')

QUERIES = {
    "viewer": row("viewer { id }", strangers="null", contractor="OK", another="OK", operator="OK"),
    "contract": row(
        f'contract(id: "{ACTIVE_CONTRACT}") {{ id erasureHold {{ reason }} mails {{ id }} }}',
        contractor="OK",
        another="null",
        operator="OK",
    ),
    "node": row(f'node(id: "{ACTIVE_CONTRACT}") {{ id }}', contractor="OK", another="null", operator="OK"),
    "passwordResetLink": row('passwordResetLink(token: "x") { email }', all_callers="null"),
    "addressLink": row('addressLink(token: "x") { newEmail }', all_callers="null"),
    "contractStatusByReceipt": row('contractStatusByReceipt(number: "K7M2-9QX4-TN3W") { status }', all_callers="null"),
    "policy": row("policy { version }", all_callers="OK"),
    "timeline": row("timeline { requestedOn }", all_callers="OK"),
    "contracts": row("contracts { nodes { id } }", contractor="FORBIDDEN", another="FORBIDDEN", operator="OK"),
    "auditLog": row("auditLog { nodes { id } }", contractor="FORBIDDEN", another="FORBIDDEN", operator="OK"),
    "dueErasures": row("dueErasures { nodes { contractId } }", **OPERATORS, operator="OK"),
    "erasureBreaker": row("erasureBreaker { stopped }", **OPERATORS, operator="OK"),
    "changes": row_of_services("changes { nodes { id } }", Scope.FEED),
    "contractFacts": row_of_services(f'contractFacts(ids: ["{ACTIVE_CONTRACT}"]) {{ unknown }}', Scope.FACTS),
    "health": row("health { ok }", contractor="FORBIDDEN", another="FORBIDDEN", operator="OK"),
    "testClock": row("testClock { now }", all_callers="OK"),
}
MUTATIONS = {
    "logIn": row(
        f'logIn(input: {{ email: "operator@example.jp", password: "{PASSWORD}" }}) {CHANGE}', all_callers="OK"
    ),
    "logOut": row("logOut { ok }", all_callers="OK"),
    "requestPasswordReset": row(
        'requestPasswordReset(input: { email: "unknown@example.jp" }) { ok }', all_callers="OK"
    ),
    "resetPassword": row(
        f'resetPassword(input: {{ token: "x", newPassword: "{PASSWORD}" }}) {CHANGE}', all_callers="INVALID_RESET_TOKEN"
    ),
    "endSession": row('endSession(input: { id: "x" }) { count }', contractor="OK", another="OK", operator="OK"),
    "endOtherSessions": row("endOtherSessions { count }", contractor="OK", another="OK", operator="OK"),
    "changePassword": row(
        f'changePassword(input: {{ currentPassword: "wrong", newPassword: "{PASSWORD}" }}) {CHANGE}',
        contractor="INVALID_CREDENTIALS",
        another="INVALID_CREDENTIALS",
        operator="INVALID_CREDENTIALS",
    ),
    "confirmAddress": row(f'confirmAddress(input: {{ token: "x" }}) {CHANGE}', all_callers="INVALID_ADDRESS_LINK"),
    "beginSecondFactor": row(f"beginSecondFactor {CHANGE}", **NO_PASSKEY),
    "passSecondFactor": row(f'passSecondFactor(input: {{ recoveryCode: "x" }}) {CHANGE}', **NO_PASSKEY),
    "beginEnrolment": row(f'beginEnrolment(input: {{ token: "x" }}) {CHANGE}', all_callers="INVALID_ENROLMENT_LINK"),
    "enrolPasskey": row(
        f'enrolPasskey(input: {{ token: "x", credential: "x" }}) {CHANGE}', all_callers="INVALID_ENROLMENT_LINK"
    ),
    "terminateContract": row(
        f"terminateContract({STALE}) {CHANGE}",
        contractor="STALE_CONTRACT",
        another="CONTRACT_NOT_FOUND",
        operator="INVALID_INPUT",  # because it has no note
    ),
    "resumeContract": row(
        f"resumeContract({STALE}) {CHANGE}",
        contractor="NOT_TERMINATED",
        another="CONTRACT_NOT_FOUND",
        operator="INVALID_INPUT",  # as above
    ),
    "holdErasure": row(
        f'holdErasure(input: {{ {HOLD}, reason: "case 1" }}) {CHANGE}',
        contractor="FORBIDDEN",
        another="FORBIDDEN",
        operator="OK",
    ),
    "releaseErasureHold": row(
        f"releaseErasureHold(input: {{ {HOLD} }}) {CHANGE}",
        contractor="FORBIDDEN",
        another="FORBIDDEN",
        operator="OK",
    ),
    "unlockContractor": row(f"unlockContractor({HELP}) {CHANGE}", **OPERATORS, operator="OK"),
    "endContractorSessions": row(
        f"endContractorSessions({HELP.replace(ACTIVE_CONTRACT, GRACE_CONTRACT)}) {CHANGE}", **OPERATORS, operator="OK"
    ),
    "sendPasswordLink": row(f"sendPasswordLink({HELP}) {CHANGE}", **OPERATORS, operator="OK"),
    "retryMail": row(f'retryMail(input: {{ mailId: "0" }}) {CHANGE}', **OPERATORS, operator="MAIL_NOT_FAILED"),
    "dismissMail": row(
        f'dismissMail(input: {{ mailId: "0", reason: "case 1" }}) {CHANGE}', **OPERATORS, operator="MAIL_NOT_FAILED"
    ),
    "requestErasureApproval": row(f"requestErasureApproval {CHANGE}", **OPERATORS, operator="NOTHING_TO_APPROVE"),
    "approveErasures": row(
        f'approveErasures(input: {{ requestId: "0" }}) {CHANGE}', **OPERATORS, operator="NOTHING_TO_APPROVE"
    ),
    "retryFailedActions": row(f"retryFailedActions(input: {{}}) {CHANGE}", **OPERATORS, operator="NO_FAILED_ACTION"),
    "putRegistration": row_of_services(
        f"putRegistration({REGISTRATION}) {CHANGE}", Scope.REGISTRATIONS, "STALE_CONTRACT"
    ),
    "confirmErasure": row_of_services(
        f"confirmErasure(input: {{ {HOLD}, outcome: DONE }}) {CHANGE}", Scope.ERASURES, "NOT_ERASED_YET"
    ),
    "advanceTestClock": row("advanceTestClock(input: { hours: 1 }) { __typename }", all_callers="OK"),
    "resetDemo": row("resetDemo { testClock { now } }", all_callers="OK"),
}


@dataclass(frozen=True)
class People:
    """Tokens for all callers, as if each had just logged in."""

    service: Running
    token_of_erased: str

    async def token(self, who: str) -> str | None:
        """The caller's token; None for anonymous callers."""
        if who == ANONYMOUS:
            return None
        if who == ERASED:
            return self.token_of_erased
        if who in SERVICES:
            return await open_service(self.service, SERVICES[who])
        if who in {EXPIRED_SERVICE, IN_COOKIE}:
            return await open_service(
                self.service, *Scope, good_for=timedelta(hours=-1 if who == EXPIRED_SERVICE else 1)
            )
        token = await open_session(self.service, EMAILS[who], timedelta(hours=-1 if who == EXPIRED else 1))
        if who == LOGGED_OUT:
            assert await self.outcome(token, "mutation { logOut { ok } }", "logOut") == "OK"
        return token

    async def outcome_for(self, who: str, document: str, name: str) -> str:
        """The caller's outcome."""
        return await self.outcome(await self.token(who), document, name, in_cookie=who == IN_COOKIE)

    async def outcome(self, token: str | None, document: str, name: str, *, in_cookie: bool = False) -> str:
        """OK, null, or the code of the refusal."""
        async with self.service.client() as client:
            if in_cookie:
                client.http.cookies.set("session", str(token))
            elif token is not None:
                client.http.headers["Authorization"] = f"Bearer {token}"
            response = await client.post(document)
        answer = response.json()
        assert response.status_code == 200, answer
        if "errors" in answer:
            (error,) = answer["errors"]
            return str(error["extensions"]["code"])
        value = answer["data"][name]
        return "null" if value is None else str(value.get("code", "OK"))


@pytest.fixture(scope="module")
async def people(service: Running) -> AsyncIterator[People]:
    """All callers, with one contractor whose contract was erased while they were logged in."""
    async with service.client() as client:
        await client.ask(RESET)
        token = await open_session(service, EMAILS[ERASED])
        await client.advance(days=27)
        await client.log_in(EMAILS[OPERATOR])
        query = "query ($id: ID!) { contract(id: $id) { status } }"
        assert (await client.ask(query, id=CLOSED_CONTRACT))["contract"] == {"status": "ERASED"}
        yield People(service, token)
        await client.ask(RESET)


async def open_session(service: Running, email: str, good_for: timedelta = timedelta(hours=1)) -> str:
    """Open a session as a log-in would, without hashing."""
    token = secrets.token_urlsafe(32)
    connection = await asyncpg.connect(service.database_url)
    try:
        await connection.execute(
            "INSERT INTO session (id, token_hash, account_id, created_at, last_used_at, expires_at)"
            " SELECT $1, $2, id, now(), now(), now() + $3::interval FROM account WHERE email = $4",
            uuid4(),
            hashlib.sha256(token.encode()).hexdigest(),
            good_for,
            email,
        )
    finally:
        await connection.close()
    return token


def fields(kind: str) -> set[str]:
    object_type = core(build_schema(development=True)).type_map[kind]
    assert isinstance(object_type, GraphQLObjectType)
    return set(object_type.fields)


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    assert set(QUERIES) == fields("Query")
    assert set(MUTATIONS) == fields("Mutation")


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_answers_those_who_may_ask(people: People, name: str, who: str) -> None:
    row = QUERIES[name]
    assert await people.outcome_for(who, f"query {{ {row.operation} }}", name) == row.answers[who]


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_mutation_obeys_those_who_may_ask(people: People, name: str, who: str) -> None:
    row = MUTATIONS[name]
    assert await people.outcome_for(who, f"mutation {{ {row.operation} }}", name) == row.answers[who]


@pytest.mark.parametrize("who", [CONTRACTOR, OPERATOR])
async def test_a_session_shows_as_cookie_and_as_bearer_alike(people: People, who: str) -> None:
    token = await people.token(who)
    assert token is not None
    async with people.service.client() as client:
        client.http.cookies.set("session", token)
        assert (await client.ask("{ viewer { email } }"))["viewer"] == {"email": EMAILS[who]}
