"""Documents that were parsed, weighed and found valid once: clients send the same few again and again.

A document is kept by its text, so that another text is another document and goes the whole way. What is refused is
not kept. Both the number of documents and the length of their texts are bounded: a stranger who sends ever new ones
fills no memory, and pushes out the one that has gone unused for longest.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Self

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_operation_ast,
)

from contract_server.graphql.execution.compiled import Compiled, compile_operation

MOST_DOCUMENTS = 200
LONGEST_TEXTS = 128 * 1024  # characters, of all that are kept; a parsed document takes some two hundred times its text


# They live through days of due work before they answer. They exist in development alone.
_AS_LONG_AS_IT_TAKES = frozenset({"advanceTestClock", "resetDemo"})


@dataclass(frozen=True, slots=True)
class PreparedOperation:
    """An operation of a valid document, and what is known of it before it runs."""

    only_reads: bool
    first_field: str  # by its name in the schema
    has_deadline: bool
    compiled: Compiled | None  # None where graphql-core has to answer it

    @classmethod
    def of(cls, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Self:
        """The operation, looked at once."""
        selections = operation.selection_set.selections
        names = {selection.name.value for selection in selections if isinstance(selection, FieldNode)}
        return cls(
            only_reads=operation.operation is OperationType.QUERY,
            first_field=_first_field(operation.selection_set, document),
            has_deadline=names.isdisjoint(_AS_LONG_AS_IT_TAKES),
            compiled=compile_operation(schema, document, operation),
        )


@dataclass(slots=True)
class PreparedDocument:
    """A valid document, and its operations as they were asked for."""

    schema: GraphQLSchema
    document: DocumentNode
    _operations: dict[str | None, PreparedOperation] = field(default_factory=dict)

    def operation(self, name: str | None) -> PreparedOperation | None:
        """The operation of that name, or the only one; None where there is none such."""
        found = self._operations.get(name)
        if found is None and (operation := get_operation_ast(self.document, name)):
            found = self._operations[name] = PreparedOperation.of(self.schema, self.document, operation)
        return found


class Documents:
    """The documents that were used last."""

    def __init__(self, *, most: int = MOST_DOCUMENTS, longest_texts: int = LONGEST_TEXTS) -> None:
        self._most = most
        self._longest_texts = longest_texts
        self._kept: OrderedDict[str, PreparedDocument] = OrderedDict()
        self._length = 0

    def find(self, text: str) -> PreparedDocument | None:
        """The document of this very text, if it is kept."""
        found = self._kept.get(text)
        if found is not None:
            self._kept.move_to_end(text)
        return found

    def keep(self, text: str, document: PreparedDocument) -> None:
        """Keep a valid document."""
        if text in self._kept or len(text) > self._longest_texts:
            return
        self._kept[text] = document
        self._length += len(text)
        while len(self._kept) > self._most or self._length > self._longest_texts:
            forgotten, _ = self._kept.popitem(last=False)
            self._length -= len(forgotten)


def _first_field(selections: SelectionSetNode, document: DocumentNode) -> str:
    """A valid document has one behind every fragment, and fragments that end."""
    match selections.selections[0]:
        case FieldNode(name=name):
            return name.value
        case InlineFragmentNode(selection_set=behind):
            return _first_field(behind, document)
        case FragmentSpreadNode(name=fragment):
            for definition in document.definitions:
                if isinstance(definition, FragmentDefinitionNode) and definition.name.value == fragment.value:
                    return _first_field(definition.selection_set, document)
    raise TypeError(type(selections.selections[0]).__name__)
