"""A request for each query of the schema, with all that the pages show, and a value for each filter."""

CONTRACT = """
    id version status startedOn endedOn serviceAvailable memberCount availableActions company { name }
    contractor { email } termination { requestedAt timeline { erasure { at explanation } } }
    events(first: 5) { nodes { type at } } mails { state }
    erasureHold { reason reference } erasureHolds { reference placedBy { name } }
    erasureConfirmations { serviceName outcome dueAt overdue }
"""
VIEWER = (
    f"name lastLogIns {{ at fromHere }} sessions {{ id isCurrent }} secondFactor {{ recent }} contract {{ {CONTRACT} }}"
)
FILTERS = {"status": ["ERASED"], "erasureDueBy": "2024-04-16", "onHold": True, "search": "青木"}
QUERIES = {
    "auditLog": 'query { auditLog(filter: { accountId: "none" }) { nodes { at action account { name } } } }',
    "viewer": f"query ($id: ID!) {{ viewer {{ {VIEWER} }} contract(id: $id) {{ id }} }}",
    "contract": f"query ($id: ID!) {{ contract(id: $id) {{ {CONTRACT} }} }}",
    "node": f"query ($id: ID!) {{ node(id: $id) {{ id ... on Contract {{ {CONTRACT} }} }} }}",
    "addressLink": 'query { addressLink(token: "none") { newEmail } }',
    "passwordResetLink": 'query { passwordResetLink(token: "none") { email } }',
    "contractStatusByReceipt": 'query { contractStatusByReceipt(number: "K7M2-9QX4-TN3W") { status evidenceHash } }',
    "policy": "query { policy { erasureDays } }",
    "timeline": "query { timeline { requestedOn } }",
    "contracts": f"query ($filter: ContractFilter) {{ contracts(filter: $filter) {{ nodes {{ {CONTRACT} }} }} }}",
    "dueErasures": "query { dueErasures { nodes { companyName dueAt state } } }",
    "erasureBreaker": "query { erasureBreaker { due stopped failed request { mayApprove } } }",
    "changes": "query { changes { edges { cursor node { type at application { erasure { at } } } } } }",
    "contractFacts": "query ($id: ID!) { contractFacts(ids: [$id]) { contracts { facts validUntil } unknown } }",
    "health": "query { health { ok checks { name ok detail } } }",
    "testClock": "query { testClock { now } }",
}
