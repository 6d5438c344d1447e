"""What a caller selected below a field: what nobody asked for is neither read nor computed."""

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
"""Columns behind those fields that are not named as their column, by the field's Python name."""


class Selection:
    """The fields below one or several nodes, fragments spread out, skipped ones left out.

    Each fragment is looked at once per level, as GraphQL itself does: fragments that spread one
    another make a document exponentially larger than its text. All types here are objects, so that
    the type condition of a valid fragment always holds.
    """

    def __init__(self, info: GraphQLResolveInfo[Any], nodes: Iterable[FieldNode]) -> None:
        self._info = info
        self.nodes: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for node in nodes:
            self._collect(node.selection_set, seen)

    @classmethod
    def of(cls, info: strawberry.Info[Any, Any]) -> "Selection":
        """What is selected below the field that is being resolved."""
        raw = info._raw_info
        return cls(raw, raw.field_nodes)

    def __contains__(self, name: str) -> bool:
        return name in self.nodes

    def below(self, *names: str) -> "Selection":
        """What is selected below the fields of these names, whatever their aliases."""
        nodes = [node for name in names for node in self.nodes.get(name, ())]
        return Selection(self._info, nodes)

    def each(self, name: str) -> Iterable[tuple[Mapping[str, Any], "Selection"]]:
        """The arguments and the selection of each field of that name; literals are texts."""
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
                given = convert_arguments(self._info, directive.arguments)["if"]
                if given is (name == GraphQLSkipDirective.name):
                    return False
        return True


def columns_needed(
    info: strawberry.Info[Any, Any], node_type: type, needs: Needs
) -> frozenset[str] | None:
    """Columns behind the selected fields of a connection's nodes; None where all may be needed."""
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
        named = needs.get(field.python_name)
        if named is None and field.base_resolver is not None:
            return None  # a resolver may look at anything
        columns.update(named or (field.python_name,))
    return frozenset(columns)


def node_fields(connection: Selection) -> set[str]:
    """Names of the fields selected below ``nodes`` and ``edges { node }``."""
    return {*connection.below("nodes").nodes, *connection.below("edges").below("node").nodes}
