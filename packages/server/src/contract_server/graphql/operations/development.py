"""The fields of development alone: the movable clock and the demonstration data."""

from datetime import datetime, timedelta
from typing import Annotated

import strawberry

from contract_server.graphql.context import RequestContext, RequestInfo
from contract_server.graphql.language import words
from contract_server.graphql.operations.problems import InvalidInputError
from contract_server.graphql.types.inputs import AdvanceTestClockInput, Input
from contract_server.graphql.types.results import InvalidInput

LARGEST_OFFSET = timedelta(days=365 * 60)  # `offsetSeconds` is an Int, which ends after 68 years

_ONE_OF_THREE = words(
    ja="days・hours・to のうち、いずれか1つだけを指定してください。",
    en="Give exactly one of days, hours and to.",
)
_FORWARD_ONLY = words(
    ja="テスト用の時計は未来にのみ進められます。現在より後の日時を指定してください（戻すには resetDemo）。",
    en="The test clock moves forward only: give an instant that is still to come (resetDemo goes back).",
)
_TOO_FAR = words(
    ja="テスト用の時計は、実際の時刻から60年先まで進められます。",
    en="The test clock goes sixty years ahead of real time at most.",
)


@strawberry.type(description="The clock that contracts go by in development.")
class TestClock:
    """The test clock with its offset from real time."""

    __test__ = False  # pytest must not collect it

    now: datetime = strawberry.field(description="What time it is for the contracts.")
    offset_seconds: int = strawberry.field(description="How far the clock has been moved from real time, in seconds.")


@strawberry.type(description="Everything that fell due on the way has been done.")
class TestClockAdvanced:
    """The result of moving the test clock."""

    __test__ = False  # as above

    test_clock: TestClock = strawberry.field(description="The clock as it is now.")


AdvanceTestClockResult = Annotated[
    TestClockAdvanced | InvalidInput, strawberry.union("AdvanceTestClockResult", description="Moved, or why not.")
]


@strawberry.type
class DevelopmentQuery:
    """The queries of development."""

    @strawberry.field(description="Development only: what time it is for the contracts.")
    async def test_clock(self, info: RequestInfo) -> TestClock:
        return await _test_clock(info.context)


@strawberry.type
class DevelopmentMutation:
    """The mutations of development."""

    @strawberry.mutation(
        description=(
            "Moves the one clock that server and worker share, runs all that falls due on the way in order, and"
            " answers when it is done."
        )
    )
    async def advance_test_clock(
        self,
        info: RequestInfo,
        input: Input[AdvanceTestClockInput],
    ) -> AdvanceTestClockResult:
        now, moved_by = await info.context.services.clock.now(), await info.context.time_travel.moved_by()
        await info.context.time_travel.advance(_target(input, now, furthest=now - moved_by + LARGEST_OFFSET))
        return TestClockAdvanced(test_clock=await _test_clock(info.context))

    @strawberry.mutation(description="Back to real time, with the demonstration data as it was at first.")
    async def reset_demo(self, info: RequestInfo) -> TestClockAdvanced:
        await info.context.time_travel.reset()
        return TestClockAdvanced(test_clock=await _test_clock(info.context))


def _target(input: AdvanceTestClockInput, now: datetime, furthest: datetime) -> datetime:
    """The instant to move to.

    Raises:
        InvalidInputError: The input has not exactly one value, or it is not in the future, or too far.
    """
    values = {"days": input.days, "hours": input.hours, "to": input.to}
    present = {name: value for name, value in values.items() if value not in (None, strawberry.UNSET)}
    if len(present) != 1:
        raise InvalidInputError(["input"], _ONE_OF_THREE)
    ((name, value),) = present.items()
    if isinstance(value, datetime):
        step = value - now
    elif abs(value) > LARGEST_OFFSET // timedelta(days=1) * 24:
        raise InvalidInputError(["input", name], _TOO_FAR)
    else:
        step = timedelta(**{name: value})
    if step <= timedelta():
        raise InvalidInputError(["input", name], _FORWARD_ONLY)
    if step > furthest - now:
        raise InvalidInputError(["input", name], _TOO_FAR)
    return now + step


async def _test_clock(context: RequestContext) -> TestClock:
    now, moved_by = await context.services.clock.now(), await context.time_travel.moved_by()
    return TestClock(now=context.local(now), offset_seconds=moved_by // timedelta(seconds=1))
