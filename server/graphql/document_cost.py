"""Estimate how many records a document requests: page sizes multiplied along its nesting.

A record counts 1, an item of a list 1, a value 0. The cost is computed once per document, each
fragment once, as sums whose factors may be variables; the variables of a request turn these sums
into a number.
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
"""Arguments that set the length of a list: a number, or a list of keys."""
UNPAGED_LIST_SIZE = 10
"""Assumed length of lists without a page size, which are short, like the stages of a request."""
MAX_COST = 10**15
"""Larger costs are reported as more than this."""


@dataclass(frozen=True, slots=True)
class PageBounds:
    default: int = 100
    maximum: int = 10_000

    def size(self, size: int) -> int:
        """Return what a page size costs; lists themselves refuse sizes beyond the maximum."""
        return min(max(0, size), self.maximum)


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    default: int
    pages: PageBounds

    def value(self, variables: Mapping[str, Any]) -> int:
        """Return the size, at least 0; values of other types are refused elsewhere and count 1."""
        value = variables.get(self.name)
        if value is None:
            return self.default
        if isinstance(value, list):
            return len(value)
        return self.pages.size(value) if isinstance(value, int) else 1


@dataclass(slots=True, eq=False)
class Sum:
    base: int
    parts: "list[tuple[Size, Cost]]"


Size: TypeAlias = int | Variable
Cost: TypeAlias = int | Sum


class Adder:
    def __init__(self) -> None:
        self._base = 0
        self._parts: list[tuple[Size, Cost]] = []

    def add(self, size: Size, cost: Cost) -> None:
        if isinstance(size, int) and isinstance(cost, int):
            self._base = min(self._base + size * cost, MAX_COST)
        elif cost != 0:
            self._parts.append((size, cost))

    @property
    def total(self) -> Cost:
        return Sum(self._base, self._parts) if self._parts else self._base


def value_of(cost: Cost, variables: Mapping[str, Any]) -> int:
    """Return the number for the variables of a request; each sum is computed once."""
    return cost if isinstance(cost, int) else _value(cost, variables, {})


def _value(cost: Cost, variables: Mapping[str, Any], totals: dict[int, int]) -> int:
    if isinstance(cost, int):
        return cost
    total = totals.get(id(cost))
    if total is None:
        total = cost.base
        for size, part in cost.parts:
            factor = size if isinstance(size, int) else size.value(variables)
            total += factor * _value(part, variables, totals)
        total = totals[id(cost)] = min(total, MAX_COST)
    return total


class CostMeter:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode, pages: PageBounds) -> None:
        self._schema = schema
        self._pages = pages
        self._fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        self._defaults: dict[str, int] = {}
        self._fragment_costs: dict[str, tuple[Cost, Cost]] = {}

    def measure(self, operation: OperationDefinitionNode) -> Cost:
        self._fragment_costs = {}
        self._defaults = {
            definition.variable.name.value: self._number(definition.default_value.value)
            for definition in operation.variable_definitions or ()
            if isinstance(definition.default_value, IntValueNode)
        }
        root = self._schema.get_root_type(operation.operation)
        single, per_item = self._selection(operation.selection_set, root)
        total = Adder()
        total.add(1, single)
        total.add(UNPAGED_LIST_SIZE, per_item)
        return total.total

    def _selection(self, selections: SelectionSetNode | None, parent: Any) -> tuple[Cost, Cost]:
        """Return what is read once, and what is read per item of the parent's page."""
        single, per_item = Adder(), Adder()
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                self._field(node, parent, single, per_item)
                continue
            if isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                kind = self._schema.get_type(condition.name.value) if condition else parent
                costs = self._selection(node.selection_set, kind)
            else:
                costs = self._spread(cast("FragmentSpreadNode", node).name.value)
            single.add(1, costs[0])
            per_item.add(1, costs[1])
        return single.total, per_item.total

    def _spread(self, name: str) -> tuple[Cost, Cost]:
        if name not in self._fragment_costs:
            self._fragment_costs[name] = 0, 0  # a fragment that spreads itself is refused elsewhere
            fragment = self._fragments.get(name)
            if fragment is not None:
                kind = self._schema.get_type(fragment.type_condition.name.value)
                self._fragment_costs[name] = self._selection(fragment.selection_set, kind)
        return self._fragment_costs[name]

    def _field(self, node: FieldNode, parent: Any, single: Adder, per_item: Adder) -> None:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return
        field = parent.fields.get(node.name.value)
        if field is None or node.selection_set is None:
            return
        kind = get_named_type(field.type)
        single_cost, item_cost = self._selection(node.selection_set, kind)
        sizes = self._sizes(field, node)
        list_cost = Adder()
        list_cost.add(1, single_cost)
        if is_list_type(get_nullable_type(field.type)):
            list_cost.add(1, 1)
            list_cost.add(UNPAGED_LIST_SIZE, item_cost)
            for size in sizes:
                single.add(size, list_cost.total)
            if not sizes:
                per_item.add(1, list_cost.total)
            return
        list_cost.add(1, int(is_record(kind) and not parent.name.endswith("Edge")))
        for size in sizes or (UNPAGED_LIST_SIZE,):
            list_cost.add(size, item_cost)
        single.add(1, list_cost.total)

    def _sizes(self, field: GraphQLField, node: FieldNode) -> list[Size]:
        size_arguments = [name for name in PAGE_ARGUMENTS if name in field.args]
        size_values = {
            a.name.value: a.value for a in node.arguments or () if a.name.value in size_arguments
        }
        sizes = [
            self._size(value, field.args[name].default_value)
            for name, value in size_values.items()
            if not isinstance(value, NullValueNode)
        ]
        if sizes or not size_arguments:
            return sizes
        return [self._default(field.args[size_arguments[0]].default_value)]

    def _size(self, value: ValueNode, default: Any) -> Size:
        if isinstance(value, VariableNode):
            name = value.name.value
            return Variable(name, self._defaults.get(name, self._default(default)), self._pages)
        if isinstance(value, IntValueNode):
            return self._number(value.value)
        return len(value.values) if isinstance(value, ListValueNode) else 1

    def _number(self, digits: str) -> int:
        """Parse a page size; one with 20 digits or more counts as the maximum without parsing."""
        return self._pages.size(int(digits)) if len(digits) < 20 else self._pages.maximum

    def _default(self, default: Any) -> int:
        return default if isinstance(default, int) else self._pages.default


def is_record(kind: Any) -> bool:
    if isinstance(kind, GraphQLInterfaceType):
        return True
    return isinstance(kind, GraphQLObjectType) and any(i.name == "Node" for i in kind.interfaces)
