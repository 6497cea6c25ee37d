"""From a text to an answer: parse, weigh, validate, execute. Whatever fails before execution costs no resolver."""

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
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from contract_server.graphql.execution.compiled import MutationResult, NeedsFallback
from contract_server.graphql.execution.documents import Documents, PreparedDocument
from contract_server.graphql.execution.query_cost import COMMENTS, TOKENS, check_budget
from contract_server.graphql.http.request import GraphQLRequest
from contract_server.graphql.strawberry_internals import core

MOST_ERRORS = 5


class DocumentRefused(Exception):
    """The document does not parse, asks for too much, or does not fit the schema."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(len(errors))
        self.errors = errors


class Executor:
    """Runs operations on a schema.

    Without introspection the schema cannot be asked for, and error messages do not guess at names in it.
    """

    def __init__(self, schema: strawberry.Schema, *, introspection: bool) -> None:
        self.schema = core(schema)
        self._introspection = introspection
        self._documents = Documents()
        hidden: Collection[type[ASTValidationRule]] = () if introspection else (NoSchemaIntrospectionCustomRule,)
        self._rules = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule, *hidden)

    def prepare(self, query: str) -> PreparedDocument:
        """The document, ready to be executed.

        Raises:
            DocumentRefused: It cannot be; the errors say why.
        """
        prepared = self._documents.find(query)
        if prepared is None:
            prepared = PreparedDocument(self.schema, self._valid(query))
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
        """The answer of the resolvers."""
        operation = prepared.operation(request.operation_name)
        if operation is None or operation.compiled is None:
            return await self._judge(prepared, request, context)
        try:
            return ExecutionResult(await operation.compiled.answer(request.variables, context), None)
        except NeedsFallback as unfinished:
            outcome = unfinished.outcome
        return await self._judge(prepared, request, context, outcome)

    async def _judge(
        self,
        prepared: PreparedDocument,
        request: GraphQLRequest,
        context: object,
        outcome: MutationResult | None = None,
    ) -> ExecutionResult:
        """The answer of graphql-core, which is told what a mutation has come to that must not be made again."""
        result: Any = execute(
            self.schema,
            prepared.document,
            variable_values=request.variables,
            operation_name=request.operation_name,
            context_value=context,
            max_coercion_errors=MOST_ERRORS,
            hide_suggestions=not self._introspection,
            executor_class=StrawberryGraphQLCoreExecutionContext,
            operation_extensions=None,
            middleware=[outcome] if outcome else None,
        )
        answer: ExecutionResult = await result if isawaitable(result) else result
        return answer


def _without_suggestion(error: GraphQLError) -> GraphQLError:
    """The error without what graphql-core suggests although suggestions are hidden: how to select subfields."""
    error.message = error.message.partition(" Did you mean ")[0]
    return error
