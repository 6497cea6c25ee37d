"""Documents that were parsed, weighed and found valid once: clients send the same few again and again.

A document is kept by its text, so that another text is another document and goes the whole way. What is refused is
not kept. Both the number of documents and the length of their texts are bounded: a stranger who sends ever new ones
fills no memory, and pushes out the one that has gone unused for longest.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, get_operation_ast

from contract_server.graphql.compiled import Compiled, compile_operation

MOST_DOCUMENTS = 200
LONGEST_TEXTS = 128 * 1024  # characters, of all that are kept; a parsed document takes some two hundred times its text


@dataclass(slots=True)
class PreparedDocument:
    """A valid document, and its operations as they were asked for, compiled where they can be."""

    document: DocumentNode
    _operations: dict[str | None, OperationDefinitionNode] = field(default_factory=dict)
    _compiled: dict[str | None, Compiled | None] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name, or the only one; None where there is none such."""
        found = self._operations.get(name)
        if found is None:
            found = get_operation_ast(self.document, name)
            if found is not None:
                self._operations[name] = found
        return found

    def compiled(self, schema: GraphQLSchema, name: str | None) -> Compiled | None:
        """The compiled operation of that name; None where graphql-core has to answer it."""
        if name not in self._compiled:
            operation = self.operation(name)
            if operation is None:
                return None
            self._compiled[name] = compile_operation(schema, self.document, operation)
        return self._compiled[name]


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
