"""What the Python peers have in common: what is written of a termination, in the words of their own business."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Tokyo")
SUBJECT = "【おまかせログイン】サービス利用停止受理通知"
BODY = (Path(__file__).parent / "mail.txt").read_text()
_MIDNIGHT = datetime.min.time().replace(tzinfo=ZONE)


def now() -> datetime:
    """The machine's time, as a tutorial reads it."""
    return datetime.now(UTC)  # noqa: TID251 - a peer knows no clock of ours


def dates(instant: datetime) -> dict[str, Any]:
    """The columns of an application that is made at that instant."""
    today = instant.astimezone(ZONE).date()
    columns: dict[str, Any] = {"requested_at": instant, "requested_on": today, "policy_version": "1.0"}
    for name, days in (("service_end", 14), ("resumption", 14), ("erasure", 45)):
        columns[f"{name}_last_day"] = today + timedelta(days)
        columns[f"{name}_at"] = first_instant(today + timedelta(days + 1))
    return columns


def first_instant(day: date) -> datetime:
    """The instant at which a day begins in Japan."""
    return datetime.combine(day, _MIDNIGHT)
