"""The health of the service as operators see it."""

from datetime import datetime

import strawberry


@strawberry.type(description="One promise, and whether it is kept.")
class HealthCheck:
    name: str = strawberry.field(description="Which.")
    ok: bool = strawberry.field(description="Whether it is kept.")
    count: int = strawberry.field(description="How many contracts, mails or rows break the promise.")
    detail: str = strawberry.field(description="The promise in words.")


@strawberry.type(description="Whether the service keeps its promises.")
class Health:
    now: datetime = strawberry.field(description="When this was looked at.")
    ok: bool = strawberry.field(description="Whether every check is.")
    last_sweep_at: datetime | None = strawberry.field(
        description="When what had fallen due was last looked for; null before the first time."
    )
    checks: list[HealthCheck] = strawberry.field(description="What was looked at.")
