"""README, the front-end page and the playground have one tour: its documents are the same, its answers true."""

from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse
from tests.server.playground.sources import STEPS
from tests.server.playground.tour import FRONT_END, README, SECTIONS, Run, Tour, body_of
from tests.server.running import Client

each_page = pytest.mark.parametrize("page", SECTIONS, ids=lambda page: page.name)


@each_page
def test_every_document_on_the_page_is_the_one_in_the_playground(page: Path) -> None:
    shown = [run for run in Tour(page).runs if run.document is not None]
    assert shown
    assert [run.document for run in shown] == [body_of(run.step) for run in shown]


def test_the_front_end_page_shows_every_step_in_the_order_of_the_playground() -> None:
    tour = Tour(FRONT_END)
    assert tour.steps == STEPS
    assert {run.step for run in tour.runs if run.document is not None} == set(STEPS)


def test_the_readme_shows_steps_in_the_order_of_the_playground() -> None:
    steps = Tour(README).steps
    assert steps == [step for step in STEPS if step in steps]


def test_every_operation_of_the_playground_is_run() -> None:
    nodes = [node for step in STEPS for node in parse(step.document).definitions]
    operations = {node.name.value for node in nodes if isinstance(node, OperationDefinitionNode) and node.name}
    assert {run.operation for run in Tour(FRONT_END).runs} == operations


@each_page
async def test_what_the_page_runs_is_answered_as_it_shows(page: Path, client: Client) -> None:
    for run in Tour(page).runs:
        data = await answer_to(run, client)
        assert run.expects(data), (run.operation, data)


async def answer_to(run: Run, client: Client) -> dict[str, dict[str, object]]:
    body = {"query": run.step.document, "variables": run.step.variables, "operationName": run.operation}
    response = (await client.http.post("/graphql", json=body)).json()
    assert "errors" not in response, response
    data: dict[str, dict[str, object]] = response["data"]
    assert run.answer or not any("code" in answer for answer in data.values()), data
    return data
