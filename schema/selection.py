"""Which columns a connection's selection needs: what nobody asked for is not read."""

from collections.abc import Iterable, Mapping
from typing import Any

import strawberry
from strawberry.types.base import get_object_definition
from strawberry.types.nodes import FragmentSpread, InlineFragment, SelectedField, Selection

Needs = Mapping[str, tuple[str, ...]]
"""Columns behind those fields that are not named as their column, by the field's Python name."""


def columns_needed(
    info: strawberry.Info[Any, Any], node_type: type, needs: Needs
) -> frozenset[str] | None:
    """Columns behind the selected fields of a connection's nodes; None where all may be needed."""
    config = info.schema.config
    definition = get_object_definition(node_type, strict=True)
    fields = {config.name_converter.from_field(f): f for f in definition.fields}
    columns: set[str] = set()
    for name in node_fields(info.selected_fields):
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


def node_fields(selections: Iterable[Selection]) -> set[str]:
    """Names of the fields selected below ``nodes`` and ``edges { node }``."""
    found: set[str] = set()
    for root in selections:
        for field in flat(root.selections):
            if field.name == "nodes":
                found.update(f.name for f in flat(field.selections))
            elif field.name == "edges":
                for edge in flat(field.selections):
                    if edge.name == "node":
                        found.update(f.name for f in flat(edge.selections))
    return found


def flat(selections: Iterable[Selection]) -> Iterable[SelectedField]:
    """The fields of a selection, fragments spread out; what is skipped may be among them."""
    for selection in selections:
        if isinstance(selection, FragmentSpread | InlineFragment):
            yield from flat(selection.selections)
        else:
            yield selection
