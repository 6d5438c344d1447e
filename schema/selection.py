"""Read what a caller selected below a field, so that nothing else is read or computed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import strawberry
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
)
from strawberry.types.base import get_object_definition
from strawberry.types.nodes import convert_arguments

Needs = Mapping[str, tuple[str, ...]]
"""Columns of fields that have another name than their column, by Python name."""


class Selection:
    """Hold the fields below one or several nodes, with fragments inlined and skipped fields removed.

    Each fragment is visited once per level, as in GraphQL itself, because fragments that spread each
    other make a document exponentially larger than its text. All types here are objects, so the type
    condition of a valid fragment always holds.
    """

    def __init__(self, info: GraphQLResolveInfo[Any], nodes: Iterable[FieldNode]) -> None:
        self._info = info
        self.nodes: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for node in nodes:
            self._collect(node.selection_set, seen)

    @classmethod
    def of(cls, info: strawberry.Info[Any, Any]) -> "Selection":
        raw = info._raw_info
        return cls(raw, raw.field_nodes)

    def __contains__(self, name: str) -> bool:
        return name in self.nodes

    def below(self, *names: str) -> "Selection":
        nodes = [node for name in names for node in self.nodes.get(name, ())]
        return Selection(self._info, nodes)

    def each(self, name: str) -> Iterable[tuple[Mapping[str, Any], "Selection"]]:
        """Return the arguments and the selection of each field of that name; literals are texts."""
        for node in self.nodes.get(name, ()):
            yield convert_arguments(self._info, node.arguments), Selection(self._info, [node])

    def _collect(self, selections: SelectionSetNode | None, seen: set[str]) -> None:
        for node in selections.selections if selections is not None else ():
            if not self._is_included(node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                self.nodes.setdefault(node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                self._collect(node.selection_set, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                self._collect(self._info.fragments[node.name.value].selection_set, seen)

    def _is_included(self, directives: Sequence[Any]) -> bool:
        for directive in directives:
            name = directive.name.value
            if name in (GraphQLSkipDirective.name, GraphQLIncludeDirective.name):
                condition = convert_arguments(self._info, directive.arguments)["if"]
                if condition is (name == GraphQLSkipDirective.name):
                    return False
        return True


def columns_needed(
    info: strawberry.Info[Any, Any], node_type: type, needs: Needs
) -> frozenset[str] | None:
    """Return the columns of the selected node fields; None if all may be needed."""
    config = info.schema.config
    definition = get_object_definition(node_type, strict=True)
    fields = {config.name_converter.from_field(f): f for f in definition.fields}
    columns: set[str] = set()
    for name in node_fields(Selection.of(info)):
        if name == "__typename":
            continue
        field = fields.get(name)
        if field is None:
            return None
        needed_columns = needs.get(field.python_name)
        if needed_columns is None and field.base_resolver is not None:
            return None  # a resolver may read any column
        columns.update(needed_columns or (field.python_name,))
    return frozenset(columns)


def node_fields(connection: Selection) -> set[str]:
    return {*connection.below("nodes").nodes, *connection.below("edges").below("node").nodes}
