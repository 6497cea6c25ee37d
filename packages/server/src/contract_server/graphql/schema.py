"""The schema as it is served: with the development fields in development, and without them anywhere else."""

import strawberry
from graphql import GraphQLSchema, print_schema
from strawberry.schema.config import StrawberryConfig

from contract_server.graphql.contract import Node
from contract_server.graphql.development import DevelopmentMutation, DevelopmentQuery
from contract_server.graphql.mutations import Mutation
from contract_server.graphql.problems import HANDLERS
from contract_server.graphql.queries import Query
from contract_server.graphql.results import Problem
from contract_server.graphql.scalars import SCALARS

DESCRIPTION = """\
Contract management of おまかせログイン: what the contractor sees and may do, and what operators watch.

A mutation answers with a union: what happened, or a `Problem` that the caller can act on. Top-level
`errors` mean that the request itself failed; branch on `extensions.code`: UNAUTHENTICATED, FORBIDDEN,
RATE_LIMITED, BAD_USER_INPUT, INTERNAL_SERVER_ERROR."""

MESSAGE_DESCRIPTION = "For a person, in the request's language (Accept-Language: ja, the default, or en)."


class Schema(strawberry.Schema):
    """Strawberry's schema, whose errors are told and logged by the view that answers the request."""

    def process_errors(self, errors: object, execution_context: object = None) -> None:
        """Leave logging to the view: Strawberry's own logger would print the texts of exceptions."""


def build_schema(*, development: bool) -> Schema:
    """The schema of an environment."""
    schema = Schema(
        query=DevelopmentQuery if development else Query,
        mutation=DevelopmentMutation if development else Mutation,
        types=[Node, Problem],
        config=StrawberryConfig(scalar_map=SCALARS),
        exception_handlers=HANDLERS,
    )
    core(schema).description = DESCRIPTION
    # said once, where all problems are described, and not again at each of them
    core(schema).type_map["Problem"].fields["message"].description = MESSAGE_DESCRIPTION  # type: ignore[attr-defined]
    return schema


def core(schema: strawberry.Schema) -> GraphQLSchema:
    """The schema as graphql-core knows it."""
    return schema._schema  # noqa: SLF001 - Strawberry offers no public way


def export(schema: strawberry.Schema) -> str:
    """The schema in words; by graphql-core's printer, because Strawberry's leaves out the schema's description."""
    return print_schema(core(schema)) + "\n"
