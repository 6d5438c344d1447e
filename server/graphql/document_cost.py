"""Estimates how many records a document asks for: page sizes multiplied along its nesting.

A record counts 1, an item of a list 1, a value nothing. The figure is worked out once per document,
fragments once each, into sums whose factors may be variables; with the variables of a request
these sums give a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

PAGE_ARGUMENTS = ("first", "last", "limit", "hours", "ids")
"""Arguments that say how long a list is: by a number, or by being a list of keys."""
UNPAGED = 10
"""What a list without a page size counts: such lists are short, like the stages of a request."""
MOST = 10**15
"""Beyond this the figure is only said to be more."""


@dataclass(frozen=True, slots=True)
class PageBounds:
    """The size of a page where none is asked for, and the largest that is ever answered."""

    default: int = 100
    largest: int = 10_000

    def size(self, asked: int) -> int:
        """What a size counts. Larger ones are refused by the list itself, which says it better."""
        return min(max(0, asked), self.largest)


@dataclass(frozen=True, slots=True)
class Variable:
    """A page size that the variables of a request give; ``default`` where they do not."""

    name: str
    default: int
    pages: PageBounds

    def value(self, variables: Mapping[str, Any]) -> int:
        """The size, at least 0; what is no size is refused elsewhere and counts as one."""
        given = variables.get(self.name)
        if given is None:
            return self.default
        if isinstance(given, list):
            return len(given)
        return self.pages.size(given) if isinstance(given, int) else 1


@dataclass(slots=True, eq=False)
class Sum:
    """A number of records that depends on variables."""

    own: int
    parts: "list[tuple[Size, Cost]]"


Size: TypeAlias = int | Variable
Cost: TypeAlias = int | Sum


class Adder:
    """Adds up costs; what is a number stays one."""

    def __init__(self) -> None:
        self._own = 0
        self._parts: list[tuple[Size, Cost]] = []

    def add(self, size: Size, cost: Cost) -> None:
        """``size`` times ``cost``."""
        if isinstance(size, int) and isinstance(cost, int):
            self._own = min(self._own + size * cost, MOST)
        elif cost != 0:
            self._parts.append((size, cost))

    @property
    def total(self) -> Cost:
        """All that was added."""
        return Sum(self._own, self._parts) if self._parts else self._own


def value_of(cost: Cost, variables: Mapping[str, Any]) -> int:
    """The number with the variables of a request; each sum is worked out once."""
    return cost if isinstance(cost, int) else _value(cost, variables, {})


def _value(cost: Cost, variables: Mapping[str, Any], known: dict[int, int]) -> int:
    if isinstance(cost, int):
        return cost
    found = known.get(id(cost))
    if found is None:
        found = cost.own
        for size, part in cost.parts:
            factor = size if isinstance(size, int) else size.value(variables)
            found += factor * _value(part, variables, known)
        found = known[id(cost)] = min(found, MOST)
    return found


class CostMeter:
    """Works out the costs of one document's operations."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, pages: PageBounds) -> None:
        self._schema = schema
        self._pages = pages
        self._fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        self._defaults: dict[str, int] = {}
        self._known: dict[str, tuple[Cost, Cost]] = {}

    def measure(self, operation: OperationDefinitionNode) -> Cost:
        """What one operation asks for."""
        self._known = {}
        self._defaults = {
            definition.variable.name.value: self._number(definition.default_value.value)
            for definition in operation.variable_definitions or ()
            if isinstance(definition.default_value, IntValueNode)
        }
        root = self._schema.get_root_type(operation.operation)
        fixed, listed = self._selection(operation.selection_set, root)
        total = Adder()
        total.add(1, fixed)
        total.add(UNPAGED, listed)
        return total.total

    def _selection(self, selections: SelectionSetNode | None, parent: Any) -> tuple[Cost, Cost]:
        """What is there once, and what is there once per item of the parent's page."""
        fixed, listed = Adder(), Adder()
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                self._field(node, parent, fixed, listed)
                continue
            if isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                kind = self._schema.get_type(condition.name.value) if condition else parent
                inner = self._selection(node.selection_set, kind)
            else:
                inner = self._spread(cast("FragmentSpreadNode", node).name.value)
            fixed.add(1, inner[0])
            listed.add(1, inner[1])
        return fixed.total, listed.total

    def _spread(self, name: str) -> tuple[Cost, Cost]:
        if name not in self._known:
            self._known[name] = 0, 0  # a fragment that spreads itself is refused elsewhere
            fragment = self._fragments.get(name)
            if fragment is not None:
                kind = self._schema.get_type(fragment.type_condition.name.value)
                self._known[name] = self._selection(fragment.selection_set, kind)
        return self._known[name]

    def _field(self, node: FieldNode, parent: Any, fixed: Adder, listed: Adder) -> None:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return
        field = parent.fields.get(node.name.value)
        if field is None or node.selection_set is None:
            return
        kind = get_named_type(field.type)
        once, per_item = self._selection(node.selection_set, kind)
        sizes = self._sizes(field, node)
        inner = Adder()
        inner.add(1, once)
        if is_list_type(get_nullable_type(field.type)):
            inner.add(1, 1)
            inner.add(UNPAGED, per_item)
            for size in sizes:
                fixed.add(size, inner.total)
            if not sizes:
                listed.add(1, inner.total)
            return
        inner.add(1, int(is_record(kind) and not parent.name.endswith("Edge")))
        for size in sizes or (UNPAGED,):
            inner.add(size, per_item)
        fixed.add(1, inner.total)

    def _sizes(self, field: GraphQLField, node: FieldNode) -> list[Size]:
        """How long the list below a field may be; empty where nothing says it."""
        known = [name for name in PAGE_ARGUMENTS if name in field.args]
        given = {a.name.value: a.value for a in node.arguments or () if a.name.value in known}
        sizes = [
            self._size(value, field.args[name].default_value)
            for name, value in given.items()
            if not isinstance(value, NullValueNode)
        ]
        if sizes or not known:
            return sizes
        return [self._default(field.args[known[0]].default_value)]

    def _size(self, value: ValueNode, default: Any) -> Size:
        if isinstance(value, VariableNode):
            name = value.name.value
            return Variable(name, self._defaults.get(name, self._default(default)), self._pages)
        if isinstance(value, IntValueNode):
            return self._number(value.value)
        return len(value.values) if isinstance(value, ListValueNode) else 1

    def _number(self, digits: str) -> int:
        """A page size as it is written; one of very many digits is not even read."""
        return self._pages.size(int(digits)) if len(digits) < 20 else self._pages.largest

    def _default(self, default: Any) -> int:
        return default if isinstance(default, int) else self._pages.default


def is_record(kind: Any) -> bool:
    """Whether a type is that of stored records, which are loaded one by one."""
    if isinstance(kind, GraphQLInterfaceType):
        return True
    return isinstance(kind, GraphQLObjectType) and any(i.name == "Node" for i in kind.interfaces)
