"""A change is signed by the account of the request; that of a command by the operator that it names."""

from contextvars import copy_context
from uuid import uuid4

from contract_server.audit.origin import Interface, Origin, Signature, set_origin, sign

OPERATOR, VIEWER = uuid4(), uuid4()


def signed(origin: Origin | None) -> Signature:
    """The signature of a change by a viewer."""

    def run() -> Signature:
        if origin:
            set_origin(origin)
        return sign(VIEWER)

    return copy_context().run(run)


def test_a_request_signs_with_its_viewer_and_the_hash_of_its_source() -> None:
    assert signed(Origin(Interface.API, find_source=lambda: "keyed")) == (VIEWER, Interface.API, "keyed")


def test_a_command_signs_with_the_operator_that_it_names_or_with_none() -> None:
    assert signed(Origin(Interface.COMMAND_LINE, OPERATOR)) == (OPERATOR, Interface.COMMAND_LINE, None)
    assert signed(Origin(Interface.COMMAND_LINE)) == (None, Interface.COMMAND_LINE, None)


def test_without_an_origin_the_worker_acts() -> None:
    assert signed(None) == (VIEWER, Interface.WORKER, None)
