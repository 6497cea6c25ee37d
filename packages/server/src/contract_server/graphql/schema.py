"""The schema as it is served: with the development fields in development, and without them anywhere else."""

import strawberry
from graphql import print_schema
from strawberry.schema.config import StrawberryConfig

from contract_server.graphql.operations.development import DevelopmentMutation, DevelopmentQuery
from contract_server.graphql.operations.mutations import Mutation
from contract_server.graphql.operations.problems import HANDLERS
from contract_server.graphql.operations.queries import Query
from contract_server.graphql.request_metrics import Counted
from contract_server.graphql.strawberry_internals import core
from contract_server.graphql.types.node import Node
from contract_server.graphql.types.results import Problem
from contract_server.graphql.types.scalars import SCALARS

DESCRIPTION = """\
Contract management of おまかせログイン: what the contractor sees and may do, and what operators watch.

A mutation answers with a union: what happened, or a `Problem` that the caller can act on. Top-level
`errors` mean that the request itself failed; branch on `extensions.code`: UNAUTHENTICATED, FORBIDDEN,
RATE_LIMITED, BAD_USER_INPUT, INTERNAL_SERVER_ERROR."""


def build_schema(*, development: bool) -> strawberry.Schema:
    """The schema of an environment."""
    schema = strawberry.Schema(
        query=DevelopmentQuery if development else Query,
        mutation=DevelopmentMutation if development else Mutation,
        types=[Node, Problem],
        config=StrawberryConfig(scalar_map=SCALARS),
        exception_handlers=[Counted(handler) for handler in HANDLERS],
    )
    core(schema).description = DESCRIPTION
    return schema


def export(schema: strawberry.Schema) -> str:
    """The schema in words; by graphql-core's printer, because Strawberry's leaves out the schema's description."""
    return print_schema(core(schema)) + "\n"
