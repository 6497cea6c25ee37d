"""The dates of an application, and the policy that they follow from."""

from datetime import date, datetime

import strawberry
from strawberry.scalars import ID

from contract_rules import DeadlineKind, describe_policy, explain_deadline
from contract_rules import Policy as RulesPolicy
from contract_rules import Timeline as RulesTimeline
from contract_server.graphql.context import RequestContext, RequestInfo
from contract_server.graphql.types.enumerations import TerminationReason


@strawberry.type(description="A last day, and the instant at which it is over.")
class Deadline:
    last_day: date = strawberry.field(description="The last day that counts: of use, of resuming, of keeping the data.")
    at: datetime = strawberry.field(
        description="The first instant after `lastDay`: from here on the deadline has passed."
    )
    kind: strawberry.Private[DeadlineKind]
    timeline: strawberry.Private[RulesTimeline]
    as_of: strawberry.Private[datetime]
    erased: strawberry.Private[bool]

    @classmethod
    def of(
        cls, kind: DeadlineKind, timeline: RulesTimeline, now: datetime, context: RequestContext, *, erased: bool
    ) -> "Deadline":
        deadline = timeline.deadline(kind)
        at = context.local(deadline.at)
        return cls(last_day=deadline.last_day, at=at, kind=kind, timeline=timeline, as_of=now, erased=erased)

    @strawberry.field(description="Whether `at` has come.")
    def passed(self) -> bool:
        return self.timeline.deadline(self.kind).passed(self.as_of)

    @strawberry.field(description="Days from today to `lastDay`; 0 on that day, negative after it.")
    def days_left(self, info: RequestInfo) -> int:
        return self.timeline.deadline(self.kind).days_left(info.context.today(self.as_of))

    @strawberry.field(description="Why this date, for a person, in the request's language.")
    def explanation(self, info: RequestInfo) -> str:
        policy = info.context.services.policies.version(self.timeline.policy_version)
        return explain_deadline(self.kind, self.timeline, policy, info.context.language, self._now())

    def _now(self) -> datetime | None:
        """The instant by which it has passed; None while the data are there, as under a hold: they are not erased."""
        is_past_tense_true = self.kind is not DeadlineKind.ERASURE or self.erased
        return self.as_of if is_past_tense_true else None


@strawberry.type(
    description=(
        "The dates that follow from one application, under the policy version in force when it was made."
        " A later policy never moves them."
    )
)
class Timeline:
    requested_on: date = strawberry.field(description="申請日, in the policy's zone; not counted itself.")
    policy_version: str = strawberry.field(description="The version of the policy that sets these dates.")
    service_end: Deadline = strawberry.field(description="Until when the service can be used.")
    resumption: Deadline = strawberry.field(description="Until when the contract can be resumed.")
    erasure: Deadline = strawberry.field(description="Until when the registered information is kept.")

    @classmethod
    def of(cls, timeline: RulesTimeline, now: datetime, context: RequestContext, *, erased: bool = False) -> "Timeline":
        def deadline(kind: DeadlineKind) -> Deadline:
            return Deadline.of(kind, timeline, now, context, erased=erased)

        return cls(
            requested_on=timeline.requested_on,
            policy_version=timeline.policy_version,
            service_end=deadline(DeadlineKind.SERVICE_END),
            resumption=deadline(DeadlineKind.RESUMPTION),
            erasure=deadline(DeadlineKind.ERASURE),
        )


@strawberry.type(description="利用終了の申請: the application in force, and what follows from it.")
class Termination:
    id: ID = strawberry.field(description="Another application, after resuming, has another.")
    receipt_number: str | None = strawberry.field(
        description="受付番号: with it, `contractStatusByReceipt` tells what became of the application."
    )
    requested_at: datetime = strawberry.field(description="The instant at which it was accepted.")
    reason: TerminationReason | None = strawberry.field(description="Why, where the contractor said so.")
    timeline: Timeline = strawberry.field(
        description="The dates that were promised; a policy that changes later moves none of them."
    )


@strawberry.type(description="How many days an application to terminate leaves.")
class Policy:
    name: str = strawberry.field(description="Which policy.")
    version: str = strawberry.field(description="Which version of it.")
    time_zone: str = strawberry.field(description="Where its days begin and end.")
    service_end_days: int = strawberry.field(description="Days of use after the day of the application.")
    resumption_days: int = strawberry.field(description="Days in which the contract can be resumed.")
    erasure_days: int = strawberry.field(description="Days for which the registered information is kept.")
    description: str = strawberry.field(description="The rule of counting, for a person, in the request's language.")

    @classmethod
    def of(cls, policy: RulesPolicy, context: RequestContext) -> "Policy":
        return cls(
            name=policy.name,
            version=policy.version,
            time_zone=policy.zone.key,
            service_end_days=policy.service_end.count,
            resumption_days=policy.resumption.count,
            erasure_days=policy.erasure.count,
            description=describe_policy(policy, context.language),
        )
