"""Compiled rows: a list of objects whose selected fields are plain columns, written at once.

Every column of the selection is taken from all objects together, or straight from a page that
nobody has looked at, and its values' types are looked at as a set. If one of them is not what the
field's type simply passes on, the whole list is left to the stock path, which completes it field by
field and finds the error, if there is one.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
from graphql import GraphQLObjectType, GraphQLOutputType, is_non_null_type

from schema.connections import Edges, Nodes
from schema.hydration import type_of_rows
from server.fast_path.columns import Field, complete, field_of, origin_of

SHORTEST = 8
"""A list below this length is not worth the preparation."""
KEPT = 500
"""Selections whose structs are kept; callers can make up any number of aliases."""
Values = Sequence[Any]
"""A column: the values of one field in all objects."""
Source = Callable[[str, Any], Values | None]
"""Gives the completed column of a field, by its name and where it is selected."""


class RowWriters:
    """Recognises lists that can be written at once."""

    def write(
        self, executor: Any, item_type: GraphQLOutputType, details: Any, items: Any
    ) -> list[Any] | None:
        """The completed list, or None where the stock path must complete it."""
        object_type = item_type.of_type if is_non_null_type(item_type) else item_type
        if not isinstance(object_type, GraphQLObjectType):
            return None
        kind = type(items)
        size = len(items.page if kind is Nodes else items.nodes.page if kind is Edges else items)
        if size < SHORTEST:
            return None
        source = (
            nodes_of(object_type, items)
            if kind is Nodes
            else edges_of(executor, object_type, items)
            if kind is Edges
            else objects_of(object_type, items)
        )
        if source is None:
            return None
        return write_rows(executor, object_type, details, size, source)


def write_rows(
    executor: Any, object_type: GraphQLObjectType, details: Any, size: int, source: Source
) -> list[Any] | None:
    """Objects with the selected columns, or None where one of them cannot be had."""
    selected = executor.collect_subfields(object_type, details).grouped_field_set
    columns = []
    for found in selected.values():
        name = found[0].node.name.value
        column = [object_type.name] * size if name == "__typename" else source(name, found)
        if column is None:
            return None
        columns.append(column)
    return write_columns(tuple(selected), columns)


def write_columns(names: tuple[str, ...], columns: Sequence[Values]) -> list[Any] | None:
    """Objects with these columns; without one nothing says how many there are."""
    return list(map(struct_of(names), *columns)) if columns else None


@lru_cache(maxsize=KEPT)
def struct_of(names: tuple[str, ...]) -> Any:
    """What is made and encoded faster than a dict, and reads the same on the wire."""
    fields = [(f"f{n}", Any) for n in range(len(names))]
    rename = {f"f{n}": name for n, name in enumerate(names)}
    return msgspec.defstruct("Row", fields, rename=rename, gc=False)


def objects_of(object_type: GraphQLObjectType, items: list[Any]) -> Source | None:
    """The columns of objects that are there already."""
    origin = origin_of(object_type)
    if origin is None or set(map(type, items)) != {origin}:
        return None

    def column(name: str, details: Any) -> Values | None:
        del details
        field = field_of(object_type, name)
        return None if field is None else attributes(field, items)

    return column


def attributes(field: Field, items: list[Any]) -> Values | None:
    """The completed column of a field of objects."""
    try:
        return complete(field, list(map(attrgetter(field.attribute), items)))
    except AttributeError:  # one of them lacks it
        return None


def nodes_of(object_type: GraphQLObjectType, nodes: Nodes[Any]) -> Source | None:
    """The columns of a page's records, as they were read: no object is made of them."""
    made = type_of_rows(nodes.make)
    if made is None or made is not origin_of(object_type):
        return None
    renamed, converted = made.RENAMED, made.CONVERTED
    columns: Mapping[str, Values] = nodes.page.columns

    def column(name: str, details: Any) -> Values | None:
        del details
        field = field_of(object_type, name)
        if field is None:
            return None
        values = columns.get(renamed.get(field.attribute, field.attribute))
        convert = converted.get(field.attribute)
        if values is None:
            return None
        if convert is not None:
            values = [None if value is None else convert(value) for value in values]
        return complete(field, values)

    return column


def edges_of(executor: Any, object_type: GraphQLObjectType, edges: Edges[Any]) -> Source | None:
    """The columns of a page's edges: cursors, and nodes that can be written at once."""
    nodes = edges.nodes

    def column(name: str, details: Any) -> Values | None:
        if name == "cursor":
            return nodes.page.cursors
        if name == "node":
            node_type = object_type.fields["node"].type
            written: Values | None = executor.row_writers.write(executor, node_type, details, nodes)
            return written
        return None

    return column
