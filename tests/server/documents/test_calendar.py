"""The calendar says each date in the words of the rules, in both languages."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar

from contract_rules import DeadlineKind, Language, explain_deadline, shipped_policies
from contract_server.documents.calendar import calendar_of

REQUESTED_AT = datetime.fromisoformat("2024-03-01T09:30+09:00")
POLICY = shipped_policies().in_force(REQUESTED_AT.date())
TIMELINE = POLICY.timeline(REQUESTED_AT)


@pytest.mark.parametrize("language", Language)
def test_every_deadline_is_an_entry_with_its_reason(language: Language) -> None:
    file = calendar_of(UUID(int=1), REQUESTED_AT, TIMELINE, POLICY, domain="example.jp", language=language)
    entries: Any = Calendar.from_ical(file).walk("VEVENT")
    assert [str(entry["dtstart"].dt) for entry in entries] == ["2024-03-15", "2024-03-15", "2024-04-15"]
    assert [str(entry["dtend"].dt) for entry in entries] == ["2024-03-16", "2024-03-16", "2024-04-16"]
    assert [str(entry["description"]) for entry in entries] == [
        explain_deadline(kind, TIMELINE, POLICY, language) for kind in DeadlineKind
    ]
    assert len({str(entry["uid"]) for entry in entries}) == len(DeadlineKind)
    assert file.endswith(b"END:VCALENDAR\r\n")
