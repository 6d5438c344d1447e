"""Flatten a selection into columns: one for each leaf, named by its path."""

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
    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    BOOLEANS = "truth"
    INSTANT = "instant"
    EXACT = "exact"
    """Numbers; integers are exact."""
    JSON = "json"
    """Any JSON, such as attributes and lists."""


KINDS = {
    "Int": Kind.WHOLE,
    "Long": Kind.WHOLE,
    "Float": Kind.NUMBER,
    "Number": Kind.EXACT,
    "Boolean": Kind.BOOLEANS,
    "DateTime": Kind.INSTANT,
    "JSON": Kind.JSON,
}
"""By scalar name; every other scalar and every enum is text."""


@dataclass(frozen=True, slots=True)
class Column:
    path: tuple[str, ...]
    kind: Kind

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def value(self, row: Mapping[str, Any]) -> Any:
        value: Any = row
        for step in self.path:
            if value is None:
                return None
            value = value[step]
        return value


class Selections:
    """Expand what a document selects, with fragments inlined and skipped fields removed."""

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
        nodes_by_name: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for selection_set in sets:
            for node in self._spread(selection_set, seen):
                nodes_by_name.setdefault((node.alias or node.name).value, []).append(node)
        return nodes_by_name

    def columns(
        self, parent: GraphQLObjectType, nodes: list[FieldNode], path: tuple[str, ...] = ()
    ) -> Iterator[Column]:
        for name, field_nodes in self.fields(*(node.selection_set for node in nodes)).items():
            field = self._schema.get_field(parent, field_nodes[0].name.value)
            assert field is not None  # the document is valid
            below = unwrapped(field.type)
            if isinstance(below, GraphQLObjectType):
                yield from self.columns(below, field_nodes, (*path, name))
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
    inner_type: GraphQLOutputType = type_.of_type if is_non_null_type(type_) else type_
    return inner_type


def kind_of(type_: GraphQLOutputType) -> Kind:
    if is_list_type(type_):
        return Kind.JSON
    named_type = get_named_type(type_)
    if hasattr(named_type, "fields") or hasattr(named_type, "types"):
        return Kind.JSON
    return KINDS.get(named_type.name, Kind.TEXT)
