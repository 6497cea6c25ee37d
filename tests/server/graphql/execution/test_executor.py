"""An executor refuses what is invalid before execution, and executes with or without compilation to the same result."""

import pytest
from graphql import ExecutionResult
from tests.server.asgi import client_of
from tests.server.graphql.without_database import context_of, terminated, viewer

from contract_server.accounts.models import Role
from contract_server.graphql.execution import documents
from contract_server.graphql.execution.executor import MOST_ERRORS, DocumentRefused, Executor
from contract_server.graphql.http.request import GraphQLRequest
from contract_server.graphql.schema import build_schema
from contract_server.settings import Settings
from contract_server.web.app import create_app

CONTRACT = """
query ($id: ID!) {
  contract(id: $id) { __typename id status startedOn endedOn serviceAvailable availableActions
    termination { reason requestedAt timeline { serviceEnd { lastDay at passed daysLeft explanation } } }
    erasureHold { reason } } }
"""


async def executed(query: str, *, compiled: bool, role: Role | None, **variables: object) -> ExecutionResult:
    executor = Executor(build_schema(development=False), introspection=False, compile_operations=compiled)
    context = context_of(viewer(role) if role else None, terminated(held=True))
    return await executor.execute(executor.prepare(query), GraphQLRequest(query, None, variables), context)


@pytest.mark.parametrize("role", [*Role, None])
async def test_the_result_is_the_same_with_and_without_compilation(role: Role | None) -> None:
    for variables in ({"id": str(terminated().id)}, {"id": "x"}, {}):
        with_it, without = [
            await executed(CONTRACT, compiled=compiled, role=role, **variables) for compiled in (True, False)
        ]
        assert with_it == without
        assert (with_it.errors is None) == (role is not None and bool(variables))


async def test_the_setting_turns_compilation_off(
    production_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compile_nothing(*_: object) -> None:
        raise AssertionError("compiled although COMPILED_OPERATIONS is false")

    monkeypatch.setattr(documents, "compile_operation", compile_nothing)
    app = create_app(production_settings.model_copy(update={"compiled_operations": False}))
    response = await client_of(app).post("/graphql", json={"query": "{ __typename }"})
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(("introspection", "suggested"), [(True, True), (False, False)])
def test_errors_suggest_names_where_introspection_is_on(introspection: bool, suggested: bool) -> None:
    executor = Executor(build_schema(development=False), introspection=introspection)
    with pytest.raises(DocumentRefused) as refusal:
        executor.prepare("{ polcy { version } }")
    assert ("policy" in str(refusal.value.errors[0])) is suggested


def test_a_document_has_a_few_errors_at_most() -> None:
    executor = Executor(build_schema(development=False), introspection=False)
    with pytest.raises(DocumentRefused) as refusal:
        executor.prepare("{ " + " ".join(f"unknown{number}" for number in range(50)) + " }")
    assert len(refusal.value.errors) <= MOST_ERRORS + 1
