"""A cache of documents that were parsed, weighed and found valid: clients send the same few again and again.

The key is the text, so another text is another document and passes every check. Refused documents are not cached.
Both the number of documents and the total length of their texts are bounded: a client that sends ever new documents
fills no memory.

The cache is a segmented LRU: a new document enters the probation segment, and its second use moves it to the protected
one. So documents that are used once replace each other only. In each segment, the document that was unused for longest
is removed first; out of the protected segment it goes back on probation.
"""

from collections import OrderedDict
from collections.abc import Iterator
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
LONGEST_TEXTS = 128 * 1024  # characters, of all that are cached; a parsed document takes about 200 times its text
PROTECTED = 0.75  # the share of both


# They run days of due work before they return. They exist in development alone.
_WITHOUT_DEADLINE = frozenset({"advanceTestClock", "resetDemo"})


@dataclass(frozen=True, slots=True)
class PreparedOperation:
    """An operation of a valid document, and what is known of it before it runs."""

    only_reads: bool
    first_field: str  # by its name in the schema
    root_fields: frozenset[str]  # as above
    has_deadline: bool
    compiled: Compiled | None  # None where graphql-core has to execute it

    @classmethod
    def of(
        cls, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, *, compiled: bool
    ) -> Self:
        """Prepare an operation; `compiled` asks for a compiled one where that is possible."""
        fields = list(_root_fields(operation.selection_set, document))
        return cls(
            only_reads=operation.operation is OperationType.QUERY,
            first_field=fields[0],
            root_fields=frozenset(fields),
            has_deadline=_WITHOUT_DEADLINE.isdisjoint(fields),
            compiled=compile_operation(schema, document, operation) if compiled else None,
        )


@dataclass(slots=True)
class PreparedDocument:
    """A valid document, and those of its operations that were requested."""

    schema: GraphQLSchema
    document: DocumentNode
    compile_operations: bool = True
    _operations: dict[str | None, PreparedOperation] = field(default_factory=dict)

    def operation(self, name: str | None) -> PreparedOperation | None:
        """The operation of that name, or the only one; None where the document has none such."""
        prepared = self._operations.get(name)
        if prepared is None and (operation := get_operation_ast(self.document, name)):
            prepared = self._operations[name] = PreparedOperation.of(
                self.schema, self.document, operation, compiled=self.compile_operations
            )
        return prepared


class Documents:
    """The documents that were used last, those used more than once before all others."""

    def __init__(self, *, most: int = MOST_DOCUMENTS, longest_texts: int = LONGEST_TEXTS) -> None:
        protected_most, protected_texts = int(most * PROTECTED), int(longest_texts * PROTECTED)
        self._protected = _Segment(protected_most, protected_texts)
        self._probation = _Segment(most - protected_most, longest_texts - protected_texts)

    def find(self, text: str) -> PreparedDocument | None:
        """The document of exactly this text, if it is cached."""
        document = self._protected.find(text)
        if document is None and (document := self._probation.remove(text)):
            for demoted in self._protected.add(text, document):
                self._probation.add(*demoted)
        return document

    def keep(self, text: str, document: PreparedDocument) -> None:
        """Add a valid document to the cache."""
        if self._protected.find(text) is None:
            self._probation.add(text, document)


class _Segment:
    """An LRU cache that is bounded by the number of documents and the total length of their texts."""

    def __init__(self, most: int, longest_texts: int) -> None:
        self._most = most
        self._longest_texts = longest_texts
        self._cached: OrderedDict[str, PreparedDocument] = OrderedDict()
        self._length = 0

    def find(self, text: str) -> PreparedDocument | None:
        document = self._cached.get(text)
        if document is not None:
            self._cached.move_to_end(text)
        return document

    def remove(self, text: str) -> PreparedDocument | None:
        document = self._cached.pop(text, None)
        if document is not None:
            self._length -= len(text)
        return document

    def add(self, text: str, document: PreparedDocument) -> list[tuple[str, PreparedDocument]]:
        """Add a document, unless its text alone is too long. Returns those that are removed for it."""
        if text in self._cached or len(text) > self._longest_texts:
            return []
        self._cached[text] = document
        self._length += len(text)
        return list(self._removed())

    def _removed(self) -> Iterator[tuple[str, PreparedDocument]]:
        while len(self._cached) > self._most or self._length > self._longest_texts:
            text, document = self._cached.popitem(last=False)
            self._length -= len(text)
            yield text, document


def _root_fields(selections: SelectionSetNode, document: DocumentNode) -> Iterator[str]:
    """The fields of an operation in their order. A valid document has one behind every fragment, and no cycle."""
    for selection in selections.selections:
        match selection:
            case FieldNode(name=name):
                yield name.value
            case InlineFragmentNode(selection_set=selection_set):
                yield from _root_fields(selection_set, document)
            case FragmentSpreadNode(name=fragment):
                yield from _root_fields(_fragment(fragment.value, document).selection_set, document)
            case unknown:
                raise TypeError(type(unknown).__name__)


def _fragment(name: str, document: DocumentNode) -> FragmentDefinitionNode:
    fragments = (node for node in document.definitions if isinstance(node, FragmentDefinitionNode))
    return next(fragment for fragment in fragments if fragment.name.value == name)
