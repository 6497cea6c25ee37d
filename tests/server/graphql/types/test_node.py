"""Everything with an id of its own that outlives a request can be asked for by the interface `Node`."""

from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core

SCHEMA = core(build_schema(development=False))


def test_contracts_and_events_are_nodes_with_their_own_description_of_the_id() -> None:
    nodes = SCHEMA.get_possible_types(SCHEMA.type_map["Node"])  # type: ignore[arg-type]
    assert {node.name for node in nodes} == {"AuditEntry", "Contract", "ContractEvent"}
    assert len({node.fields["id"].description for node in nodes}) == len(nodes)
