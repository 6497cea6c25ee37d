"""Questions at random, the same ones for the same seed: most of them sensible, some of them not."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.rules.decision_vectors import POLICIES as NAMED_POLICIES

from contract_rules import Action, Actor, Application, DeadlineKind, Facts, Status, to_json

ZONES = (
    "Asia/Tokyo",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Santiago",
    "America/Havana",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Atlantic/Azores",
    "Pacific/Apia",
    "UTC",
)
FIRST, LAST = date(1980, 1, 1), date(2015, 12, 31)
"""With five years on both sides, years whose clock changes are settled: no time zone database still alters them."""
WEEKENDS: tuple[list[int], ...] = ([6, 7], [6, 7], [5, 6], [7], [1, 2, 3, 4, 5, 6], [], [1, 2, 3, 4, 5, 6, 7], [0])
OPTIONAL: dict[str, tuple[float, Sequence[object]]] = {
    "first_day": (0.4, ("exclude", "include", "exclude_unless_midnight")),
    "direction": (0.3, ("forward", "backward")),
    "clear_days": (0.3, (True, False)),
    "event_roll": (0.1, ("none", "forward", "forward", "backward")),
    "cutoff": (0.05, (1, 3, 15, 30, 31)),
    "cutoff_unit": (0.04, ("day", "business_day")),
    "align": (0.2, ("none", "month", "quarter", "year")),
    "roll": (0.3, ("none", "forward", "backward")),
}
"""How often a field is written, and with what."""
POLICIES = tuple(NAMED_POLICIES.values())
FOR_ALL_DATES = tuple(policy for policy in POLICIES if policy.can_count_from(FIRST))
COUNTS = (1, 1, 1, 2, 3, 7, 13, 14, 31, 60, 0)
YEARS = (1, 1, 1, 2, 3, 4, 5, 0)
LIMITS = (date.min, date(1, 2, 28), date(1582, 10, 15), date(1900, 2, 28), date(9998, 12, 31), date.max)


def questions(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """So many questions: for a last day, the instant that ends it, a decision or a standing."""
    random = Random(seed)  # noqa: S311  # no secret
    for _ in range(count):
        ask = random.choices((_last_day, _end, _decision, _standing), (9, 2, 1, 1))[0]
        yield ask(random)


def _last_day(random: Random) -> dict[str, Any]:
    day = random.choice(LIMITS) if random.random() < 0.05 else _day(random)
    return {"event": _event(random, day), "period": _period(random)}


def _end(random: Random) -> dict[str, Any]:
    return {"event": _event(random, _day(random)), "period": _period(random), "zone": random.choice(ZONES)}


def _decision(random: Random) -> dict[str, Any]:
    asked = {
        "policy": random.choice(POLICIES).terms,
        "action": random.choice([*Action]),
        "actor": random.choice([*Actor]),
    }
    return _standing(random) | asked


def _standing(random: Random) -> dict[str, Any]:
    applied = datetime.combine(_day(random), time(), UTC) + timedelta(microseconds=random.randrange(86_400_000_000))
    timeline = random.choice(FOR_ALL_DATES).timeline(applied)
    deadline = timeline.deadline(random.choice([*DeadlineKind])).at
    now = deadline + timedelta(microseconds=random.choice((-1, 0, 1, -86_400_000_000, 86_400_000_000)))
    facts = _facts(random, Application(random.randrange(1, 4), applied, timeline))
    zone = ZoneInfo(random.choice(ZONES))
    return {"facts": json.loads(to_json(facts))["facts"], "now": now.astimezone(zone).isoformat()}


def _facts(random: Random, application: Application) -> Facts:
    version, held = random.randrange(1, 9), random.random() < 0.3
    status = random.choices([*Status], (1, 4, 1))[0]
    if status is Status.ACTIVE:
        return Facts(status, version, application.number, None, False, held)
    erased = status is Status.ERASED
    return Facts(status, version, application.number, application, erased or random.random() < 0.5, held and not erased)


def _day(random: Random) -> date:
    """Every tenth about the end of a month, where the rules differ."""
    day = FIRST + timedelta(days=random.randrange((LAST - FIRST).days))
    return day.replace(day=1) - timedelta(days=random.randrange(3)) if random.random() < 0.1 else day


def _event(random: Random, day: date) -> str:
    if random.random() < 0.5:
        return str(day)
    clock = timedelta(microseconds=random.choice((0, 0, 1, 1_000, 999_999, random.randrange(86_400_000_000))))
    offset = random.choice(("", "", "Z", "+09:00", "-05:00", "+05:45"))
    return (datetime.combine(day, time()) + clock).isoformat() + offset


def _period(random: Random) -> dict[str, Any]:
    unit = random.choice(("day", "week", "month", "year", "business_day"))
    period: dict[str, Any] = {"unit": unit, "count": random.choice(YEARS if unit == "year" else COUNTS)}
    if (unit in {"month", "year"}) is not _rarely(random):
        period["month_rule"] = random.choice(("start_based", "event_based"))
    for key, (chance, values) in OPTIONAL.items():
        if random.random() < chance:
            period[key] = random.choice(values)
    if (unit == "business_day" or period.keys() & {"roll", "event_roll", "cutoff_unit"}) and not _rarely(random):
        period |= _calendar(random)
    if "roll" in period and random.random() < 0.3:
        period["roll_calendar"] = _calendar(random)
    if "align" in period and random.random() < 0.3:
        period["align_from"] = str(_day(random))
    return period


def _calendar(random: Random) -> dict[str, Any]:
    calendar: dict[str, Any] = {"weekend": random.choice(WEEKENDS)}
    if random.random() < 0.3:
        days = [FIRST + timedelta(days=random.randrange((LAST - FIRST).days)) for _ in range(random.randrange(40))]
        until = random.choice((max(days, default=LAST), LAST, LAST)) + timedelta(days=1)
        calendar |= {"holidays": [*map(str, days)], "holidays_until": str(until), "holidays_from": str(FIRST)}
    if _rarely(random) and len(calendar) > 1:
        del calendar[random.choice(("holidays", "holidays_until", "holidays_from"))]
    return calendar


def _rarely(random: Random) -> bool:
    return random.random() < 0.03
