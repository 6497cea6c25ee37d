"""How long one request may take."""

from datetime import timedelta

from graphql import FieldNode, OperationDefinitionNode

# They live through days of due work before they answer. They exist in development alone.
_AS_LONG_AS_IT_TAKES = frozenset({"advanceTestClock", "resetDemo"})


def seconds_allowed(operation: OperationDefinitionNode | None, limit: timedelta) -> float | None:
    """The time that an operation has; None where it has as much as it needs."""
    selections = operation.selection_set.selections if operation else ()
    names = {selection.name.value for selection in selections if isinstance(selection, FieldNode)}
    return None if names & _AS_LONG_AS_IT_TAKES else limit.total_seconds()
