"""The tour, step by step, against the running product."""

from typing import Any

from tests.server.playground.sources import step
from tests.server.running import Client


async def run(client: Client, name: str, operation: str | None = None) -> Any:  # noqa: ANN401 - the step's answer
    """Run one operation of a step with the step's variables; return the value of its only root field."""
    tour_step = step(name)
    body = {"query": tour_step.document, "variables": tour_step.variables, "operationName": operation}
    answer = (await client.http.post("/graphql", json=body)).json()
    assert "errors" not in answer, answer
    return next(iter(answer["data"].values()))


async def my_contract(client: Client) -> dict[str, Any]:
    contract: dict[str, Any] = (await run(client, "contractor/see-the-contract"))["contract"]
    return contract


async def test_the_contractor_lives_through_the_manual(client: Client) -> None:
    assert (await run(client, "contractor/log-in"))["__typename"] == "LoggedIn"
    assert (await my_contract(client))["status"] == "ACTIVE"
    timeline = await run(client, "contractor/preview-the-timeline")
    assert [timeline[name]["lastDay"] for name in ("serviceEnd", "resumption", "erasure")] == [
        "2024-03-15",
        "2024-03-15",
        "2024-04-15",
    ]
    assert (await run(client, "contractor/terminate"))["contract"]["status"] == "TERMINATED"

    await run(client, "contractor/move-the-clock", "ThreeDaysLater")
    assert (await my_contract(client))["termination"]["timeline"]["resumption"]["daysLeft"] == 11
    await run(client, "contractor/move-the-clock", "OnTheLastDay")
    assert (await my_contract(client))["termination"]["timeline"]["resumption"]["daysLeft"] == 0
    assert (await run(client, "contractor/resume"))["contract"]["status"] == "ACTIVE"

    await run(client, "contractor/terminate")
    assert (await run(client, "contractor/be-refused", "TerminateTwice"))["code"] == "ALREADY_TERMINATED"
    for move in ("ThreeDaysLater", "OnTheLastDay", "TheDayAfter"):
        await run(client, "contractor/move-the-clock", move)
    await run(client, "contractor/log-in")
    assert (await my_contract(client))["serviceAvailable"] is False
    assert (await run(client, "contractor/be-refused", "ResumeTooLate"))["code"] == "RESUME_WINDOW_CLOSED"

    await run(client, "contractor/move-the-clock", "AfterTheErasure")
    assert (await run(client, "contractor/log-in"))["__typename"] == "LogInRefused"
    await run(client, "contractor/reset-the-demo")
    assert (await run(client, "contractor/log-in"))["__typename"] == "LoggedIn"
    assert (await my_contract(client))["status"] == "ACTIVE"


async def test_the_operator_watches_holds_and_releases(client: Client) -> None:
    assert (await run(client, "operator/log-in"))["viewer"]["role"] == "OPERATOR"
    listed = (await run(client, "operator/contracts"))["nodes"]
    assert {contract["status"] for contract in listed} == {"TERMINATED"}
    held = await run(client, "operator/hold-the-erasure")
    assert held["contract"]["erasureHold"]["reference"] == "CASE-0042"
    released = await run(client, "operator/release-the-hold")
    assert released["contract"]["erasureHold"] is None
    broken = [check for check in (await run(client, "operator/health"))["checks"] if not check["ok"]]
    assert [check["name"] for check in broken if check["name"] != "sweep"] == []  # a reset waits for the next sweep
