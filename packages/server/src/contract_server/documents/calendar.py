"""The dates of an application as an iCalendar file (RFC 5545), one whole day each, the same whenever it is made."""

from datetime import datetime, timedelta
from uuid import UUID

from icalendar import Calendar, Event

from contract_rules import DeadlineKind, Language, Policy, Timeline, complete, explain_deadline

_PRODUCT = "-//Omakase Login//Contract management//JA"
_SUMMARIES = complete(
    "_SUMMARIES",
    DeadlineKind,
    {
        DeadlineKind.SERVICE_END: {
            Language.JA: "おまかせログイン：ご利用いただける最終日",
            Language.EN: "おまかせログイン: last day of use",
        },
        DeadlineKind.RESUMPTION: {
            Language.JA: "おまかせログイン：利用再開の受付の最終日",
            Language.EN: "おまかせログイン: last day to resume the contract",
        },
        DeadlineKind.ERASURE: {
            Language.JA: "おまかせログイン：登録情報の保管の最終日",
            Language.EN: "おまかせログイン: last day on which the registered information is kept",
        },
    },
)


def calendar_of(
    application_id: UUID, requested_at: datetime, timeline: Timeline, policy: Policy, *, domain: str, language: Language
) -> bytes:
    """Return the calendar. A later version of it replaces the entries in the person's own calendar."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for kind in DeadlineKind:
        event = _event(kind, timeline, _SUMMARIES[kind][language], explain_deadline(kind, timeline, policy, language))
        event.add("uid", f"{application_id}.{kind.name.lower()}@{domain}")
        event.add("dtstamp", requested_at)
        calendar.add_component(event)
    file: bytes = calendar.to_ical()
    return file


def _event(kind: DeadlineKind, timeline: Timeline, summary: str, explanation: str) -> Event:
    last_day = timeline.deadline(kind).last_day
    event = Event()
    event.add("summary", summary)
    event.add("description", explanation)
    event.add("dtstart", last_day)
    event.add("dtend", last_day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")  # it blocks no time
    return event
