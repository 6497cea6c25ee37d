"""A change as JSON: the same fields as `Change` of the API has."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from contract_rules import Deadline
from contract_server.integration.feed import Change, ChangedApplication


def payload_of(change: Change, zone: ZoneInfo) -> bytes:
    """Return the JSON of a change: the same bytes each time."""
    content = {
        "id": str(change.id),
        "contractId": str(change.contract_id),
        "version": change.version,
        "type": change.type.value,
        "at": _instant(change.at, zone),
        "application": _application(change.application, zone) if change.application else None,
    }
    return orjson.dumps(content)


def _application(application: ChangedApplication, zone: ZoneInfo) -> dict[str, Any]:
    timeline = application.timeline
    return {
        "id": str(application.id),
        "receiptNumber": application.receipt_number,
        "requestedAt": _instant(application.requested_at, zone),
        "policyName": timeline.policy_name,
        "policyVersion": timeline.policy_version,
        "serviceEnd": _deadline(timeline.service_end, zone),
        "resumption": _deadline(timeline.resumption, zone),
        "erasure": _deadline(timeline.erasure, zone),
    }


def _deadline(deadline: Deadline, zone: ZoneInfo) -> dict[str, str]:
    return {"lastDay": deadline.last_day.isoformat(), "at": _instant(deadline.at, zone)}


def _instant(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat()
