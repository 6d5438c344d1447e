"""Compile functions that write objects whose selected fields are all plain attributes.

A writer is made once per selection. It checks the type of every value and raises
``NeedsFullValidationError`` for one that its field does not simply pass on; the stock path then
completes the same result, and finds the error if there is one.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from math import isfinite
from typing import Any
from uuid import UUID

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    SelectionSetNode,
    is_list_type,
    is_non_null_type,
)

from schema.connections import WrittenNodes
from server.fast_path.columns import PASSED_TYPES, Field, attribute_of, classes_of, field_of
from server.fast_path.rows import MIN_ROWS, attributes, write_columns, written
from store.validation import INT_MAX, INT_MIN

Write = Callable[[Any], Any]


class NeedsFullValidationError(Exception):
    pass


def writer_of(
    schema: GraphQLSchema, output_type: GraphQLOutputType, selected: SelectionSetNode | None
) -> Write | None:
    """Return the writer of a type's values, or None where the stock path must write them."""
    if is_non_null_type(output_type):
        return _value_writer(schema, output_type.of_type, selected)
    write = _value_writer(schema, output_type, selected)
    return None if write is None else lambda value: None if value is None else write(value)


def _value_writer(
    schema: GraphQLSchema, output_type: GraphQLOutputType, selected: SelectionSetNode | None
) -> Write | None:
    if is_list_type(output_type):
        return _list_writer(schema, output_type.of_type, selected)
    if isinstance(output_type, GraphQLObjectType):
        return _object_writer(schema, output_type, selected) if selected else None
    if isinstance(output_type, GraphQLEnumType):
        return _enum_writer(output_type)
    return _leaf_writer(getattr(output_type, "name", ""))


def fields_of(selected: SelectionSetNode) -> dict[str, FieldNode] | None:
    """Return the selected fields by response name; None if there is anything but plain fields."""
    nodes_by_name: dict[str, FieldNode] = {}
    for node in selected.selections:
        if not isinstance(node, FieldNode) or node.directives:
            return None
        name = (node.alias or node.name).value
        if name in nodes_by_name:
            return None
        nodes_by_name[name] = node
    return nodes_by_name


def _object_writer(
    schema: GraphQLSchema, object_type: GraphQLObjectType, selected: SelectionSetNode
) -> Write | None:
    classes = classes_of(object_type)
    nodes = fields_of(selected)
    if not classes or nodes is None:
        return None
    fields: list[tuple[str, str, Write]] = []
    for name, node in nodes.items():
        if node.name.value == "__typename":
            fields.append((name, "__class__", lambda _: object_type.name))
            continue
        field = schema.get_field(object_type, node.name.value)
        attribute = attribute_of(object_type, field) if field is not None else None
        if field is None or attribute is None:
            return None
        write = writer_of(schema, field.type, node.selection_set)
        if write is None:
            return None
        fields.append((name, attribute, write))

    def write_object(value: Any) -> dict[str, Any]:
        if type(value) not in classes:
            raise NeedsFullValidationError
        return {name: write(getattr(value, attribute)) for name, attribute, write in fields}

    return write_object


def _list_writer(
    schema: GraphQLSchema, item: GraphQLOutputType, selected: SelectionSetNode | None
) -> Write | None:
    write = writer_of(schema, item, selected)
    if write is None:
        return None
    parent = item.of_type if is_non_null_type(item) else item
    fields: dict[str, Field] | None = None
    classes: frozenset[type] = frozenset()
    if isinstance(parent, GraphQLObjectType) and selected:
        fields, classes = _plain_fields(parent, selected), classes_of(parent)

    def write_list(value: Any) -> Any:
        if type(value) is WrittenNodes:
            return written(value)
        if type(value) is not list:
            raise NeedsFullValidationError
        if fields and len(value) >= MIN_ROWS and set(map(type, value)) <= classes:
            columns = [attributes(field, value) for field in fields.values()]
            complete = [column for column in columns if column is not None]
            if len(complete) == len(columns):
                return write_columns(tuple(fields), complete) or []
        return [write(item_value) for item_value in value]

    return write_list


def _plain_fields(parent: GraphQLObjectType, selected: SelectionSetNode) -> dict[str, Field] | None:
    fields: dict[str, Field] = {}
    for name, node in (fields_of(selected) or {}).items():
        field = field_of(parent, node.name.value)
        if field is None:
            return None
        fields[name] = field
    return fields


def _enum_writer(enum_type: GraphQLEnumType) -> Write:
    members: type | None = getattr(enum_type, "wrapped_cls", None)
    names: dict[Any, str] = {value.value: name for name, value in enum_type.values.items()}

    def write_enum(value: Any) -> str:
        kind = type(value)
        name = names.get(value.value if kind is members else value if kind is str else None)
        if name is None:
            raise NeedsFullValidationError
        return name

    return write_enum


def _leaf_writer(scalar: str) -> Write | None:
    if scalar == "Int":
        return _write_int
    if scalar == "UUID":
        return _write_uuid
    if scalar == "DateTime":
        return _write_instant
    if scalar == "Float":
        return _write_float
    kinds = PASSED_TYPES.get(scalar)
    if kinds is None:
        return None

    def write_leaf(value: Any) -> Any:
        if type(value) not in kinds:
            raise NeedsFullValidationError
        return value

    return write_leaf


def _write_int(value: Any) -> int:
    if type(value) is not int or not INT_MIN <= value <= INT_MAX:
        raise NeedsFullValidationError
    return value


def _write_float(value: Any) -> float:
    if type(value) is not float or not isfinite(value):
        raise NeedsFullValidationError
    return value


def _write_uuid(value: Any) -> str:
    if not isinstance(value, UUID):  # drivers return subclasses
        raise NeedsFullValidationError
    return str(value)


def _write_instant(value: Any) -> datetime:
    if type(value) is not datetime or value.tzinfo is not UTC:
        raise NeedsFullValidationError
    return value
