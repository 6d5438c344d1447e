"""Write lists of objects whose selected fields are plain columns in one step.

Every selected column is taken from all objects at once, or straight from an unread page, and the
types of its values are checked as a set. If one does not pass, the stock path completes the whole
list field by field, and finds the error if there is one.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
from graphql import GraphQLObjectType, GraphQLOutputType, is_non_null_type

from schema.connections import Edges, Nodes, WrittenNodes
from schema.hydration import type_of_rows
from server.fast_path.columns import Field, complete, field_of, origin_of

MIN_ROWS = 8
"""Shorter lists are not worth the preparation."""
MAX_CACHED_STRUCTS = 500
"""Bounded because callers can invent any number of aliases."""
Values = Sequence[Any]
"""The values of one field in all objects."""
Source = Callable[[str, Any], Values | None]
"""Returns the completed column of a field, by its name and its nodes."""


def written(nodes: WrittenNodes) -> msgspec.Raw:
    """Return the list as the encoder passes it on."""
    return msgspec.Raw(f"[{','.join(nodes.objects)}]".encode())


class RowWriters:
    def write(
        self, executor: Any, item_type: GraphQLOutputType, details: Any, items: Any
    ) -> list[Any] | None:
        object_type = item_type.of_type if is_non_null_type(item_type) else item_type
        if not isinstance(object_type, GraphQLObjectType):
            return None
        kind = type(items)
        size = len(items.page if kind is Nodes else items.nodes.page if kind is Edges else items)
        if size < MIN_ROWS:
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
    selected = executor.collect_subfields(object_type, details).grouped_field_set
    columns = []
    for details_of_field in selected.values():
        name = details_of_field[0].node.name.value
        column = (
            [object_type.name] * size if name == "__typename" else source(name, details_of_field)
        )
        if column is None:
            return None
        columns.append(column)
    return write_columns(tuple(selected), columns)


def write_columns(names: tuple[str, ...], columns: Sequence[Values]) -> list[Any] | None:
    return list(map(struct_of(names), *columns)) if columns else None


@lru_cache(maxsize=MAX_CACHED_STRUCTS)
def struct_of(names: tuple[str, ...]) -> Any:
    """Return a struct type: faster to make and encode than a dict, with the same JSON."""
    fields = [(f"f{n}", Any) for n in range(len(names))]
    rename = {f"f{n}": name for n, name in enumerate(names)}
    return msgspec.defstruct("Row", fields, rename=rename, gc=False)


def objects_of(object_type: GraphQLObjectType, items: list[Any]) -> Source | None:
    origin = origin_of(object_type)
    if origin is None or set(map(type, items)) != {origin}:
        return None

    def column(name: str, details: Any) -> Values | None:
        del details
        field = field_of(object_type, name)
        return None if field is None else attributes(field, items)

    return column


def attributes(field: Field, items: list[Any]) -> Values | None:
    try:
        return complete(field, list(map(attrgetter(field.attribute), items)))
    except AttributeError:  # an object lacks the attribute
        return None


def nodes_of(object_type: GraphQLObjectType, nodes: Nodes[Any]) -> Source | None:
    row_type = type_of_rows(nodes.make)
    if row_type is None or row_type is not origin_of(object_type):
        return None
    renamed, converted = row_type.RENAMED, row_type.CONVERTED
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
    """Return the columns of a page's edges: cursors, and nodes that can be written in one step."""
    nodes = edges.nodes

    def column(name: str, details: Any) -> Values | None:
        if name == "cursor":
            return nodes.page.cursors
        if name == "node":
            node_type = object_type.fields["node"].type
            node_column: Values | None = executor.row_writers.write(
                executor, node_type, details, nodes
            )
            return node_column
        return None

    return column
