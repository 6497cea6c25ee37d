"""Explanations: why a date is what it is, and why an action is refused, in the service's own words.

Every date comes from the timeline that was promised. Only the rule of counting and the zone are read from the
policy, and from no other version of it than the one that the timeline names.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final

from contract_rules.completeness import complete
from contract_rules.decisions import Refused
from contract_rules.english import English
from contract_rules.instants import require_date
from contract_rules.japanese import Japanese
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
    kind: DeadlineKind, timeline: Timeline, policy: Policy | PolicyRegistry, language: Language
) -> str:
    """Why this date: the application, the rule of counting, and the last minute that counts.

    `policy` is the version that the timeline names, or a registry that has it.

    Raises:
        ValueError: the policy is another one.
        PolicyNotFound: the registry does not have it.

    Source: おまかせログイン 利用マニュアル 利用終了編 1 and 2; 民法140条, 141条.

    >>> from contract_rules import shipped_policies
    >>> policy = shipped_policies().in_force(date(2024, 3, 1))
    >>> explain_deadline(DeadlineKind.SERVICE_END, policy.timeline_on(date(2024, 3, 1)), policy, Language.JA)
    'サービスのご利用は、申請日である2024年3月1日（金）の翌日を1日目として14日目にあたる2024年3月15日（金）23時59分（日本時間）までです。'
    """
    return WORDINGS[language].deadline(kind, _promise(timeline, policy))


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
