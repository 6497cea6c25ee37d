"""What operators do for contractors and with mails and erasures, over HTTP."""

from typing import Any

import asyncpg
import pytest
from tests.server.running import (
    ACTIVE_CONTRACT,
    CLOSED_CONTRACT,
    GRACE_CONTRACT,
    LAST_DAY_CONTRACT,
    TERMINATE,
    Client,
    Running,
)

from contract_server.development.demo.people import OPERATOR_ID, OPERATOR_NAME

OPERATOR = "operator@example.jp"
ON_BEHALF = """
mutation ($input: TerminateContractInput!) {
  terminateContract(input: $input) {
    __typename
    ... on Problem { code }
    ... on ContractTerminated { contract { status termination { receiptNumber } mails { kind } } }
  }
}
"""
RESUME = """
mutation ($input: ResumeContractInput!) {
  resumeContract(input: $input) { __typename ... on Problem { code } }
}
"""
HISTORY = """
query ($id: ID!) {
  contract(id: $id) { availableActions events(last: 1) { nodes { type actor } } }
  auditLog(filter: { contractId: $id }, first: 1) { nodes { event reason account { id } } }
}
"""
HOLD = """
mutation ($id: ID!, $reviewOn: Date) {
  holdErasure(input: { contractId: $id, reason: "係争中", reference: "2026-0142", reviewOn: $reviewOn }) {
    ... on ErasureHeld {
      contract {
        erasureHold { reason reference reviewOn }
        erasureHolds { reference reason reviewOn placedBy { name } releasedAt }
      }
    }
  }
}
"""
RELEASE = """
mutation ($id: ID!, $hold: ID) {
  releaseErasureHold(input: { contractId: $id, holdId: $hold, reason: "settled" }) {
    __typename
    ... on Problem { code }
    ... on ErasureHoldReleased { contract { erasureHold { reason reference } erasureHolds { id releasedAt } } }
  }
}
"""
DUE = "query ($first: Int, $after: String) { dueErasures(first: $first, after: $after) {"
DUE += " nodes { contractId companyName state dueAt } pageInfo { hasNextPage endCursor } } }"


async def as_operator(client: Client) -> Client:
    await client.log_in(OPERATOR)
    return client


async def test_an_operator_terminates_for_a_contractor_who_gets_the_manuals_mail(
    client: Client, service: Running
) -> None:
    sent = len(list(service.mail_dir.glob("*.eml")))
    await as_operator(client)
    asked = {"contractId": ACTIVE_CONTRACT, "note": "電話での申請", "idempotencyKey": "once"}
    done = (await client.ask(ON_BEHALF, input=asked))["terminateContract"]
    assert done["contract"]["status"] == "TERMINATED"
    assert len(done["contract"]["termination"]["receiptNumber"]) == 14
    assert [mail["kind"] for mail in done["contract"]["mails"]] == ["termination_accepted"]
    (mail,) = (await service.mails(sent + 1))[sent:]
    assert mail["To"] == "active@example.jp"
    assert mail["Subject"] == "【おまかせログイン】サービス利用停止受理通知"
    seen = await client.ask(HISTORY, id=ACTIVE_CONTRACT)
    assert seen["contract"]["events"]["nodes"] == [{"type": "TERMINATION_REQUESTED", "actor": "OPERATOR"}]
    assert seen["auditLog"]["nodes"] == [
        {"event": "TERMINATION_REQUESTED", "reason": "電話での申請", "account": {"id": str(OPERATOR_ID)}}
    ]
    again = (await client.ask(ON_BEHALF, input=asked))["terminateContract"]
    assert again["contract"]["termination"] == done["contract"]["termination"]
    other = (await client.ask(ON_BEHALF, input=asked | {"note": "another"}))["terminateContract"]
    assert other == {"__typename": "IdempotencyKeyReused", "code": "IDEMPOTENCY_KEY_REUSED"}


@pytest.mark.parametrize(
    ("contract", "actions", "outcome"),
    [
        (GRACE_CONTRACT, ["RESUME"], {"__typename": "ContractResumed"}),
        (CLOSED_CONTRACT, [], {"__typename": "ActionRefused", "code": "RESUME_WINDOW_CLOSED"}),
        (ACTIVE_CONTRACT, ["TERMINATE"], {"__typename": "ActionRefused", "code": "NOT_TERMINATED"}),
    ],
)
async def test_the_rules_and_dates_of_an_operator_are_those_of_the_contractor(
    client: Client, contract: str, actions: list[str], outcome: dict[str, str]
) -> None:
    await as_operator(client)
    assert (await client.ask(HISTORY, id=contract))["contract"]["availableActions"] == actions
    done = await client.ask(RESUME, input={"contractId": contract, "note": "電話での申請"})
    assert done["resumeContract"] == outcome


async def test_an_operator_acts_where_the_contractors_changes_of_the_day_are_used_up(
    client: Client, service: Running
) -> None:
    async with service.client() as contractor:
        await contractor.log_in("active@example.jp")
        await contractor.ask(TERMINATE, id=ACTIVE_CONTRACT)
    await as_operator(client)
    done = await client.ask(RESUME, input={"contractId": ACTIVE_CONTRACT, "note": "電話", "expectedVersion": 1})
    assert done["resumeContract"] == {"__typename": "StaleContract", "code": "STALE_CONTRACT"}


async def test_a_hold_shows_its_case_its_review_and_its_operator_to_operators_alone(
    client: Client, service: Running
) -> None:
    await as_operator(client)
    shown: dict[str, Any] = (await client.ask(HOLD, id=GRACE_CONTRACT, reviewOn="2030-01-31"))["holdErasure"]
    terms = {"reason": "係争中", "reference": "2026-0142", "reviewOn": "2030-01-31"}
    assert shown["contract"]["erasureHold"] == terms
    (record,) = shown["contract"]["erasureHolds"]
    assert record == terms | {"placedBy": {"name": OPERATOR_NAME}, "releasedAt": None}
    async with service.client() as contractor:
        await contractor.log_in("grace@example.jp")
        query = "{ viewer { contract { erasureHold { reference } erasureHolds { reference } mails { id } } } }"
        seen = (await contractor.ask(query))["viewer"]["contract"]
    assert seen == {"erasureHold": None, "erasureHolds": [], "mails": []}


async def held_for_two_cases(client: Client) -> list[str]:
    """The ids of two holds of one contract, the newest first."""
    await as_operator(client)
    query = (
        "mutation ($id: ID!, $case: String!) { holdErasure(input: { contractId: $id, reason: $case, reference: $case })"
        " { ... on ErasureHeld { contract { erasureHolds { id } } } } }"
    )
    for case in ("CASE-1", "CASE-2"):
        held = (await client.ask(query, id=GRACE_CONTRACT, case=case))["holdErasure"]
    return [hold["id"] for hold in held["contract"]["erasureHolds"]]


async def test_a_release_names_its_hold_where_several_are_in_force(client: Client) -> None:
    newest, first = await held_for_two_cases(client)
    for hold_id, code in ((None, "HOLD_NOT_NAMED"), (GRACE_CONTRACT, "HOLD_NOT_FOUND"), ("x", "HOLD_NOT_FOUND")):
        refused = (await client.ask(RELEASE, id=GRACE_CONTRACT, hold=hold_id))["releaseErasureHold"]
        assert refused == {"__typename": "NotPossible", "code": code}
    for _ in range(2):  # the second time it is released already
        one = (await client.ask(RELEASE, id=GRACE_CONTRACT, hold=newest))["releaseErasureHold"]
        assert one["contract"]["erasureHold"] == {"reason": "CASE-1", "reference": "CASE-1"}
    log = (await client.ask(HISTORY, id=GRACE_CONTRACT))["auditLog"]["nodes"]
    assert log == [{"event": None, "reason": "settled", "account": {"id": str(OPERATOR_ID)}}]
    last = (await client.ask(RELEASE, id=GRACE_CONTRACT))["releaseErasureHold"]
    assert last["contract"]["erasureHold"] is None
    assert {hold["id"] for hold in last["contract"]["erasureHolds"] if hold["releasedAt"]} == {newest, first}


async def test_a_day_of_review_has_not_passed(client: Client) -> None:
    await as_operator(client)
    query = (
        'mutation ($on: Date) { holdErasure(input: { contractId: "x", reason: "case", reviewOn: $on }) {'
        " ... on InvalidInput { path } } }"
    )
    assert await client.ask(query, on="0001-01-01") == {"holdErasure": {"path": ["input", "reviewOn"]}}


async def test_due_erasures_are_read_by_pages_the_first_to_fall_due_first(client: Client) -> None:
    await as_operator(client)
    first = (await client.ask(DUE, first=2))["dueErasures"]
    second = (await client.ask(DUE, first=2, after=first["pageInfo"]["endCursor"]))["dueErasures"]
    found = first["nodes"] + second["nodes"]
    assert [node["contractId"] for node in found] == [CLOSED_CONTRACT, LAST_DAY_CONTRACT, GRACE_CONTRACT]
    assert {node["state"] for node in found} == {"SCHEDULED"}
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert await client.errors(DUE, after="none") == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("number", ["", "x", "-1", "1.5", "9" * 40, "9" * 5_000, "0" * 20 + "9" * 20, str(2**63), "１"])
async def test_a_number_of_no_mail_has_not_failed(client: Client, number: str) -> None:
    await as_operator(client)
    query = "mutation ($id: ID!) { retryMail(input: { mailId: $id }) { ... on Problem { code } } }"
    assert await client.ask(query, id=number) == {"retryMail": {"code": "MAIL_NOT_FAILED"}}


async def test_the_reason_of_a_dismissal_is_kept_for_a_mail_of_a_contract_alone(
    client: Client, service: Running
) -> None:
    connection = await asyncpg.connect(service.database_url)
    for number, contract in ((900_001, ACTIVE_CONTRACT), (900_002, None)):
        await connection.execute(
            "INSERT INTO outbox_mail (id, contract_id, kind, message_id, dated_at, recipient, subject, body, state,"
            " attempts, next_attempt_at)"
            " VALUES ($1, $2, 'password_reset', gen_random_uuid(), now(), 'a', 's', 'b', 'FAILED', 1, now())",
            number,
            contract,
        )
    await connection.close()
    await as_operator(client)
    query = (
        'mutation ($id: ID!) { dismissMail(input: { mailId: $id, reason: "told" }) { ... on MailDismissed { ok } } }'
    )
    for mail in ("900001", "900002"):
        assert await client.ask(query, id=mail) == {"dismissMail": {"ok": True}}
    log = "query { auditLog(filter: { action: MAIL_DISMISSED }, first: 2) { nodes { contractId reason } } }"
    assert (await client.ask(log))["auditLog"]["nodes"] == [
        {"contractId": None, "reason": None},
        {"contractId": ACTIVE_CONTRACT, "reason": "told"},
    ]
