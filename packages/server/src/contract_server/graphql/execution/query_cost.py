"""How much one request may ask for: its JSON and its document, each counted before anything else reads it.

Coercing variables and printing what is wrong with them costs more than their length: each error quotes its value. So
the values of a request are counted as they come, whichever member they stand in.

Validation and execution follow fragments wherever they are spread, so a short text can ask for work without
end: 60 fragments that spread the next one twice stand for 2^60 fields. Here each fragment is weighed once, and
its weight is added wherever it is spread; the work is linear in the length of the document.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    Visitor,
    visit,
)

from contract_server.contracts.queries import USUAL_PAGE

VALUES = 500  # in JSON: members of objects and items of lists
VALUE_DEPTH = 10  # of objects and lists in each other, the request included; the deepest input takes 4
TOKENS = 1_000
COMMENTS = 1_000
FRAGMENTS = 7
SPREADS = 20
DIRECTIVES = 10
ALIASES = 15
DEPTH = 12
NESTING = 60  # of braces, introspection's own included: what bounds our recursion
COMPARISONS = 10_000  # a hundred fields of one name
PAGE = 100
PAGED = frozenset({"contracts", "events"})
ITEMS = 15_000  # a full page of contracts, each with a full page of events, is 10,100


class OverBudget(GraphQLError):
    """The request asks for too much."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "BAD_USER_INPUT"})


@dataclass(frozen=True, slots=True)
class Weight:
    """What a selection set amounts to, with everything that it spreads."""

    fields: int = 0  # at its own level, `__typename` left out
    depth: int = 0
    aliases: int = 0
    items: int = 0  # that its pages can hold

    def beside(self, other: "Weight") -> "Weight":
        """The weight of two selections in one set."""
        return Weight(
            self.fields + other.fields,
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.items + other.items,
        )


def check_values(request: Mapping[str, object]) -> None:
    """Pass a request whose variables, extensions and other members hold no more values than one may.

    Raises:
        OverBudget: It holds more, or nests them deeper; the message says how much is allowed.
    """
    count, depth = 0, 0
    containers: list[object] = [request]
    while containers:
        depth += 1
        _allow(depth, VALUE_DEPTH, "levels of nested objects and lists", place="the JSON of a request")
        values = [value for container in containers for value in _values_of(container)]
        count += len(values)
        _allow(count, VALUES, "members and items, all together,", place="the JSON of a request")
        containers = [value for value in values if isinstance(value, dict | list)]


def _values_of(container: object) -> Collection[object]:
    match container:
        case dict():
            return container.values()
        case list():
            return container
    return ()


def check_budget(document: DocumentNode) -> None:
    """Pass a document that asks for no more than one may.

    Raises:
        OverBudget: It asks for more; the message says of what, and how much is allowed.
    """
    visit(document, _Counter())
    scales = _Scales(document)
    weight = Weight()
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            operation = scales.weigh(definition.selection_set)
            if definition.operation is OperationType.MUTATION and operation.fields > 1:
                raise OverBudget("One mutation field a request is allowed. Send one request for each.")
            weight = weight.beside(operation)
    _allow(weight.depth, DEPTH, "levels of nested fields")
    _allow(weight.aliases, ALIASES, "aliases, counted wherever their fragment is spread,")
    _allow(weight.items, ITEMS, "items on all pages together")


def _allow(count: int, limit: int, what: str, place: str = "a document") -> None:
    if count > limit:
        raise OverBudget(f"At most {limit} {what} are allowed in {place}.")


class _Counter(Visitor):
    """Counts what makes following fragments expensive, and looks for text that nothing can store."""

    def __init__(self) -> None:
        super().__init__()
        self._fragments = self._spreads = self._directives = self._comparisons = 0
        self._names: Counter[str] = Counter()

    def enter_fragment_definition(self, _: FragmentDefinitionNode, *__: object) -> None:
        self._fragments += 1
        _allow(self._fragments, FRAGMENTS, "fragment definitions")

    def enter_fragment_spread(self, _: FragmentSpreadNode, *__: object) -> None:
        self._spreads += 1
        _allow(self._spreads, SPREADS, "fragment spreads")

    def enter_directive(self, _: DirectiveNode, *__: object) -> None:
        self._directives += 1
        _allow(self._directives, DIRECTIVES, "directives")

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Validation compares each two fields of one name, wherever they stand, that may end up in one answer."""
        name = (node.alias or node.name).value
        self._comparisons += 2 * self._names[name] + 1
        self._names[name] += 1
        _allow(self._comparisons, COMPARISONS, "comparisons of fields that have the same name")

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        if "\0" in node.value:
            raise OverBudget("Text must not contain U+0000.")


class _Scales:
    """Weighs selection sets; each fragment once."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._weighed: dict[str, Weight] = {}

    def weigh(self, selection_set: SelectionSetNode | None, nesting: int = 1) -> Weight:
        """The weight of all that is selected."""
        if nesting > NESTING:
            raise OverBudget(f"At most {NESTING} levels of nested braces are allowed in a document.")
        weight = Weight()
        for selection in selection_set.selections if selection_set else ():
            weight = weight.beside(self._weigh_selection(selection, nesting))
        return weight

    def _weigh_selection(self, selection: SelectionNode, nesting: int) -> Weight:
        match selection:
            case FieldNode():
                return _of_field(selection, self.weigh(selection.selection_set, nesting + 1))
            case FragmentSpreadNode():
                return self._weigh_fragment(selection.name.value, nesting)
            case InlineFragmentNode():
                return self.weigh(selection.selection_set, nesting + 1)
        raise TypeError(type(selection).__name__)

    def _weigh_fragment(self, name: str, nesting: int) -> Weight:
        """A fragment that is unknown, or that spreads itself, weighs nothing here: validation refuses it."""
        if name in self._fragments and name not in self._weighed:
            self._weighed[name] = Weight()
            self._weighed[name] = self.weigh(self._fragments[name].selection_set, nesting + 1)
        return self._weighed.get(name, Weight())


def _of_field(field: FieldNode, below: Weight) -> Weight:
    name, page = field.name.value, _page(field)
    return Weight(
        fields=0 if name == "__typename" else 1,
        # introspection has a rule of its own in graphql-core, which tools' queries pass
        depth=1 if name.startswith("__") else 1 + below.depth,
        aliases=below.aliases + (field.alias is not None),
        items=page * (1 + below.items) if page else below.items,
    )


def _page(field: FieldNode) -> int:
    """How many items the field's page can hold: what `first` says, or the most that it can where a variable says it."""
    for argument in field.arguments or ():
        if argument.name.value == "first":
            value = argument.value
            if isinstance(value, IntValueNode) and len(value.value) < len(str(PAGE)):
                return max(int(value.value), 0)
            return PAGE
    return USUAL_PAGE if field.name.value in PAGED else 0
