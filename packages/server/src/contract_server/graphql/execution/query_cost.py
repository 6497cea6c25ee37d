"""Limits of one request: the values of its JSON and the cost of its document, both counted before anything reads them.

Coercing variables and printing their errors costs more than their length, because each error quotes its value. So the
values of a request are counted first, in all of its members.

Validation and execution follow every spread of a fragment, so a short text can cause endless work: 60 fragments that
spread the next one twice stand for 2^60 fields. Here each fragment is weighed once and its weight is added at each
spread. The work is linear in the length of the document. The limit is on the fields that result, so a page may have as
many fragments as components.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

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
    ValueNode,
    Visitor,
    visit,
)

from contract_server.accounts.sessions import MOST_LISTED as SESSIONS_LISTED
from contract_server.contracts.holds.records import LISTED as HOLDS_LISTED
from contract_server.db.pages import USUAL_PAGE
from contract_server.erasure.confirmations import LISTED as CONFIRMATIONS_LISTED
from contract_server.mail.contract_mails import LISTED as MAILS_LISTED

VALUES = 500  # in JSON: members of objects and items of lists
REGISTRATION_VALUES = 10_000  # of a service that may write registrations: some 2,500 members
VALUE_DEPTH = 10  # of objects and lists in each other, the request included; the deepest input takes 4
TOKENS = 1_000
COMMENTS = 1_000
FIELDS = 1_000  # of all levels, those of a fragment at each of its spreads
DIRECTIVES = 10
ALIASES = 15
DEPTH = 12
NESTING = 60  # of braces, introspection's own included: what bounds the recursion of all that reads a document
COMPARISONS = 10_000  # a hundred fields of one name
PAGE = 100
LENGTHS = {
    **dict.fromkeys(("auditLog", "changes", "contracts", "dueErasures", "events"), USUAL_PAGE),
    "erasureConfirmations": CONFIRMATIONS_LISTED,
    "erasureHolds": HOLDS_LISTED,
    "mails": MAILS_LISTED,
    "sessions": SESSIONS_LISTED,
}
"""How many items the lists hold that can be long: usually, where there are pages; at most, where there are none."""
ITEMS = 15_000  # a full page of contracts, each with a full page of events, is 10,100
_FIELDS = "fields, counted at each spread of their fragment,"
_BRACES = "levels of nested braces"


class OverBudget(GraphQLError):
    """The request exceeds a limit."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "BAD_USER_INPUT"})


@dataclass(frozen=True, slots=True)
class Weight:
    """The cost of a selection set, with all fragments that it spreads."""

    roots: int = 0  # fields of its own level, `__typename` left out
    fields: int = 0  # of all levels
    nesting: int = 0  # of braces
    depth: int = 0
    aliases: int = 0
    items: int = 0  # the most that its pages can hold

    def beside(self, other: "Weight") -> "Weight":
        """The weight of two selections in one set."""
        return Weight(
            self.roots + other.roots,
            self.fields + other.fields,
            max(self.nesting, other.nesting),
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.items + other.items,
        )


def check_values(request: Mapping[str, object], most: int = VALUES) -> None:
    """Check the number and the depth of the values in a request.

    Raises:
        OverBudget: They exceed a limit, which the message names.
    """
    count, depth = 0, 0
    containers: list[object] = [request]
    while containers:
        depth += 1
        _allow(depth, VALUE_DEPTH, "levels of nested objects and lists", place="the JSON of a request")
        values = [value for container in containers for value in _values_of(container)]
        count += len(values)
        _allow(count, most, "members and items, all together,", place="the JSON of a request")
        containers = [value for value in values if isinstance(value, dict | list)]


def _values_of(container: object) -> Collection[object]:
    match container:
        case dict():
            return container.values()
        case list():
            return container
    return ()


def check_budget(document: DocumentNode) -> None:
    """Check the cost of a document.

    Raises:
        OverBudget: It exceeds a limit, which the message names.
    """
    visit(document, _Counter())
    scales = _Scales(document)
    weight = Weight()
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            operation = scales.weigh(definition.selection_set)
            if definition.operation is OperationType.MUTATION and operation.roots > 1:
                raise OverBudget("One mutation field a request is allowed. Send one request for each.")
            weight = weight.beside(operation)
        elif isinstance(definition, FragmentDefinitionNode):  # validation follows the spreads of unused ones too
            _allow(scales.weigh_fragment(definition.name.value).fields, FIELDS, _FIELDS)
    _allow(weight.fields, FIELDS, _FIELDS)
    _allow(weight.nesting, NESTING, _BRACES)
    _allow(weight.depth, DEPTH, "levels of nested fields")
    _allow(weight.aliases, ALIASES, "aliases, counted at each spread of their fragment,")
    _allow(weight.items, ITEMS, "items on all pages together")


def _allow(count: int, limit: int, what: str, place: str = "a document") -> None:
    if count > limit:
        raise OverBudget(f"At most {limit} {what} are allowed in {place}.")


class _Counter(Visitor):
    """Counts what makes validation expensive, and refuses text that PostgreSQL cannot store."""

    def __init__(self) -> None:
        super().__init__()
        self._directives = self._comparisons = 0
        self._names: Counter[str] = Counter()

    def enter_directive(self, _: DirectiveNode, *__: object) -> None:
        self._directives += 1
        _allow(self._directives, DIRECTIVES, "directives")

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Validation compares every two fields of one name that may be merged in a response."""
        name = (node.alias or node.name).value
        self._comparisons += 2 * self._names[name] + 1
        self._names[name] += 1
        _allow(self._comparisons, COMPARISONS, "comparisons of fields that have the same name")

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        if "\0" in node.value:
            raise OverBudget("Text must not contain U+0000.")


class _Scales:
    """Weighs selection sets, and each fragment once."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._weighed: dict[str, Weight] = {}

    def weigh(self, selection_set: SelectionSetNode | None, nesting: int = 1) -> Weight:
        """The weight of a selection set."""
        weight = Weight()
        if selection_set is None:
            return weight
        _allow(nesting, NESTING, _BRACES)
        for selection in selection_set.selections:
            weight = weight.beside(self._weigh_selection(selection, nesting))
        return replace(weight, nesting=weight.nesting + 1)

    def _weigh_selection(self, selection: SelectionNode, nesting: int) -> Weight:
        match selection:
            case FieldNode():
                return _of_field(selection, self.weigh(selection.selection_set, nesting + 1))
            case FragmentSpreadNode():
                return self.weigh_fragment(selection.name.value, nesting)
            case InlineFragmentNode():
                return self.weigh(selection.selection_set, nesting + 1)
        raise TypeError(type(selection).__name__)

    def weigh_fragment(self, name: str, nesting: int = 0) -> Weight:
        """The weight of a fragment; 0 for one that is unknown or spreads itself, which validation refuses."""
        if name in self._fragments and name not in self._weighed:
            self._weighed[name] = Weight()
            self._weighed[name] = self.weigh(self._fragments[name].selection_set, nesting + 1)
        return self._weighed.get(name, Weight())


def _of_field(field: FieldNode, below: Weight) -> Weight:
    name, page = field.name.value, _page(field)
    return Weight(
        roots=0 if name == "__typename" else 1,
        fields=1 + below.fields,
        nesting=below.nesting,
        # graphql-core limits the depth of introspection itself, and the queries of tools pass its rule
        depth=1 if name.startswith("__") else 1 + below.depth,
        aliases=below.aliases + (field.alias is not None),
        items=page * (1 + below.items) if page else below.items,
    )


def _page(field: FieldNode) -> int:
    """The most items that the field's list can hold: `first` or `last`, or the largest page where it is a variable."""
    sizes = [_size(argument.value) for argument in field.arguments or () if argument.name.value in {"first", "last"}]
    return max(sizes, default=LENGTHS.get(field.name.value, 0))


def _size(value: ValueNode) -> int:
    if isinstance(value, IntValueNode) and len(value.value) < len(str(PAGE)):
        return max(int(value.value), 0)
    return PAGE
