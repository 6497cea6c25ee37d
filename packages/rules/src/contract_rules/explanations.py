"""Explanations: why a date is what it is, and why an action is refused, in the service's own words.

Every date comes from the timeline that was promised. Only the rule of counting and the zone are read from the
policy, and from no other version of it than the one that the timeline names.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from contract_rules.completeness import complete
from contract_rules.decisions import Refused
from contract_rules.english import English
from contract_rules.instants import local_time, require_date
from contract_rules.japanese import Japanese
from contract_rules.periods import Period
from contract_rules.policy import DeadlineKind, Policy, PolicyRegistry, Timeline, require_policy, terms_of
from contract_rules.wording import Promise, Wording


class Language(StrEnum):
    """The languages that explanations are written in."""

    JA = "ja"
    EN = "en"


WORDINGS: Final[Mapping[Language, Wording]] = complete(
    "WORDINGS", Language, {Language.JA: Japanese(), Language.EN: English()}
)


def explain_deadline(
    kind: DeadlineKind,
    timeline: Timeline,
    policy: Policy | PolicyRegistry,
    language: Language,
    now: date | None = None,
) -> str:
    """Why this date: the application, the rule of counting, the last minute that counts, and what moved the day.

    `policy` is the version that the timeline names, or a registry that has it. With `now`, an instant or today's date
    in the policy's zone, a deadline that has passed is told in the past tense. Leave it out for data whose erasure is
    on hold: the past tense says that they have been erased.

    Raises:
        ValueError: the policy is another one, or `now` is a datetime without a UTC offset.
        PolicyNotFound: the registry does not have it.

    Source: おまかせログイン 利用マニュアル 利用終了編 1 and 2; 民法140条, 141条.

    >>> from contract_rules import shipped_policies
    >>> policy = shipped_policies().in_force(date(2024, 3, 1))
    >>> explain_deadline(DeadlineKind.SERVICE_END, policy.timeline_on(date(2024, 3, 1)), policy, Language.JA)
    'サービスのご利用は、申請日である2024年3月1日（金）の翌日を1日目として14日目にあたる2024年3月15日（金）23時59分（日本時間）までです。'
    """
    return WORDINGS[language].deadline(kind, _promise(timeline, policy), now)


def explain_period(period: Period, event: date, zone: ZoneInfo, language: Language, now: date | None = None) -> str:
    """Why a period ends when it ends: the rule of counting, the days that are not counted, and what moved the day.

    `event` is a date or a wall time in the zone, or an instant. With `now`, as for `explain_deadline`, a period that
    is over is told in the past tense.

    Raises:
        ValueError: `now` is a datetime without a UTC offset, or the zone has no name.
        DateOutOfRange: as `Period.last_day`.

    >>> from contract_rules import Calendar, Period, Roll, Unit
    >>> two_weeks = Period(Unit.DAY, 14, roll=Roll.FORWARD, calendar=Calendar(weekend=[6, 7]))
    >>> explain_period(two_weeks, date(2024, 3, 2), ZoneInfo("Asia/Tokyo"), Language.JA).split("。")[1]
    '2024年3月16日（土）は土曜日のため、期日を2024年3月18日（月）に繰り下げています'
    """
    _require_zone(zone)
    if isinstance(event, datetime) and event.utcoffset() is not None:
        event = local_time(event, zone)
    return WORDINGS[language].period(period, event, zone, now)


def describe_period(period: Period, zone: ZoneInfo, language: Language) -> str:
    """How a period counts, whatever the event.

    Raises:
        ValueError: the zone has no name.

    >>> from contract_rules import Period, Unit
    >>> describe_period(Period(Unit.DAY, 14), ZoneInfo("Asia/Tokyo"), Language.EN).split(". ")[0]
    'The period runs until 23:59 on day 14, counting the day after the event as day 1'
    """
    _require_zone(zone)
    return WORDINGS[language].any_period(period, zone)


def explain_refusal(refused: Refused, policy: Policy | PolicyRegistry, language: Language) -> str:
    """Why not, the dates that matter, and what can be done instead.

    `policy` is the version that the refusal's timeline names, or a registry that has it.

    Raises:
        ValueError: the policy is another one.
        PolicyNotFound: the registry does not have it.

    Source: おまかせログイン 利用マニュアル 利用終了編 2.

    >>> from datetime import datetime
    >>> from contract_rules import Action, Actor, decide, new_contract, shipped_policies
    >>> now = datetime.fromisoformat("2024-03-01T09:30+09:00")
    >>> policy = shipped_policies().in_force(now.date())
    >>> refused = decide(policy, new_contract(), Action.RESUME, Actor.CONTRACTOR, now)
    >>> explain_refusal(refused, policy, Language.EN)
    'This contract is active, and no application to end it is in force. Nothing needs to be done.'
    """
    wording = WORDINGS[language]
    if refused.timeline is None:
        return wording.refusal_without_application(refused)
    return wording.refusal(refused, _promise(refused.timeline, policy))


def describe_policy(policy: Policy, language: Language) -> str:
    """The terms: how long the service, resuming and the data last, and how that is counted.

    Source: おまかせログイン 利用マニュアル 利用終了編 1.

    >>> from contract_rules import shipped_policies
    >>> describe_policy(shipped_policies().in_force(date(2024, 3, 1)), Language.EN).split(". ")[0]
    'The service can be used until 23:59 on day 14, counting the day after the application as day 1'
    """
    require_policy(policy)
    return WORDINGS[language].policy(policy)


def date_in_words(day: date, language: Language) -> str:
    """That date with its weekday, as the service's pages write it.

    >>> date_in_words(date(2024, 3, 15), Language.JA)
    '2024年3月15日（金）'
    >>> date_in_words(date(2024, 3, 15), Language.EN)
    'Friday, 15 March 2024'
    """
    require_date(day, "write the date in the policy's zone")
    return WORDINGS[language].day(day)


def _promise(timeline: Timeline, policy: Policy | PolicyRegistry) -> Promise:
    return Promise(timeline, terms_of(timeline, policy))


def _require_zone(zone: ZoneInfo) -> None:
    if not isinstance(zone, ZoneInfo):
        raise ValueError(f"{zone!r} has no name to explain it by: write a ZoneInfo")  # noqa: TRY004  # as the package does
