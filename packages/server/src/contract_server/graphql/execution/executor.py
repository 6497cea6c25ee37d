"""From a text to a result: parse, weigh, validate, execute. What fails before execution calls no resolver."""

from collections.abc import Collection
from inspect import isawaitable
from typing import Any

import strawberry
from graphql import (
    ASTValidationRule,
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    execute,
    parse,
    specified_rules,
    validate,
)

from contract_server.graphql.execution.compiled import MutationResult, NeedsFallback
from contract_server.graphql.execution.documents import Documents, PreparedDocument
from contract_server.graphql.execution.query_cost import COMMENTS, TOKENS, check_budget
from contract_server.graphql.http.request import GraphQLRequest
from contract_server.graphql.strawberry_internals import ADDED_RULES, ExecutionContext, core

MOST_ERRORS = 5


class DocumentRefused(Exception):
    """The document does not parse, exceeds a limit, or does not fit the schema."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(len(errors))
        self.errors = errors


class Executor:
    """Runs operations on a schema.

    Without introspection, queries for the schema are refused and error messages suggest no names of it.
    With `compile_operations=False`, graphql-core executes everything.
    """

    def __init__(self, schema: strawberry.Schema, *, introspection: bool, compile_operations: bool = True) -> None:
        self.schema = core(schema)
        self._introspection = introspection
        self._compile_operations = compile_operations
        self._documents = Documents()
        hidden: Collection[type[ASTValidationRule]] = () if introspection else (NoSchemaIntrospectionCustomRule,)
        self._rules = (*specified_rules, *ADDED_RULES, *hidden)

    def prepare(self, query: str) -> PreparedDocument:
        """Return the document, ready to be executed.

        Raises:
            DocumentRefused: It cannot be executed; the errors name the reasons.
        """
        prepared = self._documents.find(query)
        if prepared is None:
            prepared = PreparedDocument(self.schema, self._valid(query), self._compile_operations)
            self._documents.keep(query, prepared)
        return prepared

    def _valid(self, query: str) -> DocumentNode:
        try:
            document = parse(query, max_lexical_tokens=TOKENS, max_comments=COMMENTS)
            check_budget(document)
        except GraphQLError as error:
            raise DocumentRefused([error]) from None
        errors = validate(
            self.schema, document, self._rules, max_errors=MOST_ERRORS, hide_suggestions=not self._introspection
        )
        if errors:
            raise DocumentRefused(errors if self._introspection else list(map(_without_suggestion, errors)))
        return document

    async def execute(self, prepared: PreparedDocument, request: GraphQLRequest, context: object) -> ExecutionResult:
        """Run the operation of the request."""
        operation = prepared.operation(request.operation_name)
        if operation is None or operation.compiled is None:
            return await self._execute_by_core(prepared, request, context)
        try:
            return ExecutionResult(await operation.compiled.execute(request.variables, context), None)
        except NeedsFallback as fallback:
            mutation_result = fallback.mutation_result
        return await self._execute_by_core(prepared, request, context, mutation_result)

    async def _execute_by_core(
        self,
        prepared: PreparedDocument,
        request: GraphQLRequest,
        context: object,
        mutation_result: MutationResult | None = None,
    ) -> ExecutionResult:
        """Have graphql-core run the operation; a mutation that has run already gives its result instead."""
        execution: Any = execute(
            self.schema,
            prepared.document,
            variable_values=request.variables,
            operation_name=request.operation_name,
            context_value=context,
            max_coercion_errors=MOST_ERRORS,
            hide_suggestions=not self._introspection,
            executor_class=ExecutionContext,
            operation_extensions=None,
            middleware=[mutation_result] if mutation_result else None,
        )
        result: ExecutionResult = await execution if isawaitable(execution) else execution
        return result


def _without_suggestion(error: GraphQLError) -> GraphQLError:
    """Remove a suggestion that graphql-core writes even where suggestions are hidden: how to select subfields."""
    error.message = error.message.partition(" Did you mean ")[0]
    return error
