"""The flat columns of a selection: one for each leaf, named by the way to it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.values import VariableValues, get_directive_values


class Kind(Enum):
    """What the values of a column are."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    TRUTH = "truth"
    INSTANT = "instant"
    EXACT = "exact"
    """Numbers, whole ones exact."""
    JSON = "json"
    """Any JSON: free attributes, lists."""


KINDS = {
    "Int": Kind.WHOLE,
    "Long": Kind.WHOLE,
    "Float": Kind.NUMBER,
    "Number": Kind.EXACT,
    "Boolean": Kind.TRUTH,
    "DateTime": Kind.INSTANT,
    "JSON": Kind.JSON,
}
"""By the name of the scalar; every other scalar and every enum is text."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the way to its values inside a row, and what they are."""

    path: tuple[str, ...]
    kind: Kind

    @property
    def name(self) -> str:
        """The names of the fields on the way, joined by dots."""
        return ".".join(self.path)

    def value(self, row: Mapping[str, Any]) -> Any:
        """The value in a row; None where an object on the way is null."""
        found: Any = row
        for step in self.path:
            if found is None:
                return None
            found = found[step]
        return found


class Selections:
    """What a document selects, fragments spread out and skipped fields left out."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables

    def fields(self, *sets: SelectionSetNode | None) -> dict[str, list[FieldNode]]:
        """The fields of some selections together, by the names they have in the answer."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for one in sets:
            for node in self._spread(one, seen):
                found.setdefault((node.alias or node.name).value, []).append(node)
        return found

    def columns(
        self, parent: GraphQLObjectType, nodes: list[FieldNode], path: tuple[str, ...] = ()
    ) -> Iterator[Column]:
        """The columns below fields whose type is ``parent``, in the order of the document."""
        for name, found in self.fields(*(node.selection_set for node in nodes)).items():
            field = self._schema.get_field(parent, found[0].name.value)
            assert field is not None  # the document is valid
            below = unwrapped(field.type)
            if isinstance(below, GraphQLObjectType):
                yield from self.columns(below, found, (*path, name))
            else:
                yield Column((*path, name), kind_of(below))

    def _spread(self, selected: SelectionSetNode | None, seen: set[str]) -> Iterator[FieldNode]:
        for node in selected.selections if selected is not None else ():
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from self._spread(node.selection_set, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                yield from self._spread(self._fragments[node.name.value].selection_set, seen)

    def _is_included(self, node: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        return not (skip and skip["if"]) and (include is None or bool(include["if"]))


def unwrapped(type_: GraphQLOutputType) -> GraphQLOutputType:
    """The type without its "never null"."""
    found: GraphQLOutputType = type_.of_type if is_non_null_type(type_) else type_
    return found


def kind_of(type_: GraphQLOutputType) -> Kind:
    """What values of a type become; what is no leaf is written as JSON."""
    if is_list_type(type_):
        return Kind.JSON
    named = get_named_type(type_)
    if hasattr(named, "fields") or hasattr(named, "types"):
        return Kind.JSON
    return KINDS.get(named.name, Kind.TEXT)
