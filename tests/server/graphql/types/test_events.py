"""An event is shown in the policy's zone, and its edge has a cursor that leads behind it."""

from datetime import UTC, datetime
from uuid import UUID

from tests.server.graphql.without_database import APPLICATION, CONTRACT, active, context_of, data_of, viewer

from contract_rules import Actor, EventType
from contract_server.contracts.models import ContractEvent as EventRow
from contract_server.contracts.queries import EventPageKey
from contract_server.db.pages import USUAL_PAGE, Page, Part
from contract_server.graphql.types.pagination import read_event_cursor

AT = datetime(2024, 3, 1, 0, 30, tzinfo=UTC)
STARTED, RESUMED = UUID(int=11), UUID(int=12)
EVENTS = """
query ($id: ID!, $after: String) {
  contract(id: $id) {
    events(after: $after) {
      nodes { id at type actor terminationId } edges { cursor node { id } } pageInfo { endCursor }
    }
  }
}
"""


def event(id_: UUID, type_: EventType, application: UUID | None) -> EventRow:
    return EventRow(id=id_, contract_id=CONTRACT, at=AT, type=type_, actor=Actor.CONTRACTOR, application_id=application)


async def test_a_page_shows_its_events_and_the_next_one_begins_behind_them() -> None:
    context = context_of(viewer(), active())
    page = Page([event(STARTED, EventType.STARTED, None), event(RESUMED, EventType.RESUMED, APPLICATION)])
    context.loaders.event_pages.prime(EventPageKey(CONTRACT, Part(USUAL_PAGE), for_operator=False), page)
    events = (await data_of(context, EVENTS, id=str(CONTRACT)))["contract"]["events"]
    assert [(node["type"], node["actor"], node["terminationId"]) for node in events["nodes"]] == [
        ("STARTED", "CONTRACTOR", None),
        ("RESUMED", "CONTRACTOR", str(APPLICATION)),
    ]
    assert {node["at"] for node in events["nodes"]} == {"2024-03-01T09:30:00+09:00"}
    assert [edge["node"]["id"] for edge in events["edges"]] == [str(STARTED), str(RESUMED)]
    cursor = events["pageInfo"]["endCursor"]
    assert (cursor, read_event_cursor(cursor)) == (events["edges"][-1]["cursor"], (AT, RESUMED))
    context.loaders.event_pages.prime(
        EventPageKey(CONTRACT, Part(USUAL_PAGE, (AT, RESUMED)), for_operator=False), Page()
    )
    rest = (await data_of(context, EVENTS, id=str(CONTRACT), after=cursor))["contract"]["events"]
    assert (rest["nodes"], rest["pageInfo"]["endCursor"]) == ([], None)
