"""The schema of an environment: only that of development has the development fields."""

import json

import strawberry
from graphql import is_abstract_type, print_schema
from strawberry.schema.config import StrawberryConfig

from contract_server.graphql.operations.accounts import AccountMutation
from contract_server.graphql.operations.confirmations import ConfirmationMutation, NotErasedYetHandler
from contract_server.graphql.operations.development import DevelopmentMutation, DevelopmentQuery
from contract_server.graphql.operations.mutations import ContractMutation
from contract_server.graphql.operations.operators import OperatorMutation, OperatorQuery
from contract_server.graphql.operations.problems import HANDLERS
from contract_server.graphql.operations.queries import ContractQuery
from contract_server.graphql.operations.registrations import RegistrationMutation, RegistrationRefusedHandler
from contract_server.graphql.request_metrics import CountingHandler
from contract_server.graphql.strawberry_internals import core
from contract_server.graphql.types.node import Node
from contract_server.graphql.types.results import Problem
from contract_server.graphql.types.scalars import SCALARS

HANDLERS_OF_SERVICES = (RegistrationRefusedHandler(), NotErasedYetHandler())

DESCRIPTION = """\
Contract management of おまかせログイン: what the contractor sees and may do, and what operators watch.

A mutation answers with a union: what happened, or a `Problem` that the caller can act on. Top-level
`errors` mean that the request itself failed; branch on `extensions.code`: UNAUTHENTICATED, FORBIDDEN,
SECOND_FACTOR_NEEDED (`passSecondFactor`, then the same request again), RATE_LIMITED, BAD_USER_INPUT,
INTERNAL_SERVER_ERROR."""


@strawberry.type(description="Looking changes nothing.")
class Query(ContractQuery, OperatorQuery):
    """The queries of every environment."""


@strawberry.type(description="One a request.")
class Mutation(AccountMutation, RegistrationMutation, ConfirmationMutation, ContractMutation, OperatorMutation):
    """The mutations of every environment."""


@strawberry.type(name="Query", description="Looking changes nothing.")
class QueryOfDevelopment(Query, DevelopmentQuery):
    """The queries of development."""


@strawberry.type(name="Mutation", description="One a request.")
class MutationOfDevelopment(Mutation, DevelopmentMutation):
    """The mutations of development."""


def build_schema(*, development: bool) -> strawberry.Schema:
    """Build the schema of an environment."""
    schema = strawberry.Schema(
        query=QueryOfDevelopment if development else Query,
        mutation=MutationOfDevelopment if development else Mutation,
        types=[Node, Problem],
        config=StrawberryConfig(scalar_map=SCALARS),
        exception_handlers=[CountingHandler(handler) for handler in (*HANDLERS, *HANDLERS_OF_SERVICES)],
    )
    core(schema).description = DESCRIPTION
    return schema


def export(schema: strawberry.Schema) -> str:
    """Print the schema. graphql-core's printer includes the schema's description; Strawberry's does not."""
    return print_schema(core(schema)) + "\n"


def export_possible_types(schema: strawberry.Schema) -> str:
    """Print the object types of each interface and union as JSON, for clients' caches (`possibleTypes` in Apollo's)."""
    types = core(schema)
    possible = {
        name: sorted(member.name for member in types.get_possible_types(kind))
        for name, kind in sorted(types.type_map.items())
        if is_abstract_type(kind)
    }
    return json.dumps(possible, indent=2) + "\n"
