"""Compiled rows: a list of objects whose selected fields are plain columns, written at once.

Every column of the selection is taken from all objects together and its values' types are looked
at as a set. If one of them is not what the field's type simply passes on, the whole list is left to
the stock path, which completes it field by field and finds the error, if there is one.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from math import isfinite
from operator import attrgetter
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
    is_non_null_type,
)
from strawberry.types.field import StrawberryField

NONE = type(None)
PASSED_ON: dict[str, frozenset[type]] = {
    "String": frozenset({str}),
    "ID": frozenset({str}),
    "Boolean": frozenset({bool}),
    "Float": frozenset({float}),
    "Long": frozenset({int}),
    "UUID": frozenset({UUID}),
    "DateTime": frozenset({datetime}),
}
"""Types whose values go to the encoder as they are, and come out as the scalar would write them."""
JSON_KINDS: frozenset[type] = frozenset({dict, list, str, int, float, bool})
SHORTEST = 8
"""A list below this length is not worth the preparation."""
Column = tuple[str, Callable[[Any], Any], frozenset[type], frozenset[str] | None]


class RowWriters:
    """Recognises lists that can be written at once."""

    def write(
        self, executor: Any, item_type: GraphQLOutputType, field_details_list: Any, items: list[Any]
    ) -> list[dict[str, Any]] | None:
        """The completed list, or None where the stock path must complete it."""
        if len(items) < SHORTEST:
            return None
        object_type = item_type.of_type if is_non_null_type(item_type) else item_type
        if not isinstance(object_type, GraphQLObjectType):
            return None
        origin = origin_of(object_type)
        if origin is None or set(map(type, items)) != {origin}:
            return None
        selection = executor.collect_subfields(object_type, field_details_list)
        columns = []
        for name, details in selection.grouped_field_set.items():
            column = column_of(executor.schema, object_type, name, details[0].node.name.value)
            if column is None:
                return None
            columns.append(column)
        return write_columns(columns, items)


def column_of(
    schema: GraphQLSchema, parent: GraphQLObjectType, name: str, field_name: str
) -> Column | None:
    """How one field of many objects is written under ``name``; None where the stock path must."""
    if field_name == "__typename":
        return name, lambda _: parent.name, frozenset({str}), None
    field = schema.get_field(parent, field_name)
    attribute = plain_attribute(parent, field) if field is not None else None
    if field is None or attribute is None:
        return None
    leaf: GraphQLNamedType = get_named_type(field.type)
    if field.type is not leaf and not (is_non_null_type(field.type) and field.type.of_type is leaf):
        return None  # a list
    passed: frozenset[type]
    values: frozenset[str] | None = None
    if isinstance(leaf, GraphQLEnumType):
        # Rows hold an enum's value as text; it is its name as well, or this is not for us.
        if any(n != v.value for n, v in leaf.values.items()):
            return None
        passed, values = frozenset({str}), frozenset(leaf.values)
    elif isinstance(leaf, GraphQLScalarType) and leaf.name in PASSED_ON:
        passed = PASSED_ON[leaf.name]
    elif leaf.name == "JSON":
        passed = JSON_KINDS
    else:
        return None
    if not is_non_null_type(field.type):
        passed |= {NONE}
    return name, attrgetter(attribute), passed, values


def write_columns(columns: list[Column], items: list[Any]) -> list[dict[str, Any]] | None:
    """The items as dicts, or None where a value is not of a type that passes."""
    if not columns:  # directives have skipped every field
        return [{} for _ in items]
    taken = []
    for _, get, passed, values in columns:
        try:
            column = list(map(get, items))
        except AttributeError:  # one of them lacks it
            return None
        kinds = set(map(type, column))
        if not all(kind in passed or (UUID in passed and issubclass(kind, UUID)) for kind in kinds):
            return None
        if values is not None and not set(column) - {None} <= values:
            return None
        if kinds and UUID in passed:
            # Drivers return a kind of UUID of their own; as text they are the same.
            column = [None if value is None else str(value) for value in column]
        is_number = float in kinds and dict not in passed
        if is_number and not all(v is None or isfinite(v) for v in column):
            return None
        if datetime in kinds and not all(v is None or v.tzinfo is UTC for v in column):
            return None
        taken.append(column)
    names = [column[0] for column in columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*taken, strict=True)]


def origin_of(object_type: GraphQLObjectType) -> type | None:
    """The Strawberry class behind an object type."""
    definition = (object_type.extensions or {}).get("strawberry-definition")
    return definition.origin if definition is not None else None


def classes_of(wanted: GraphQLNamedType) -> frozenset[type]:
    """The classes whose instances are objects of a type for certain; none where that must be asked."""
    definition = (wanted.extensions or {}).get("strawberry-definition")
    if definition is None or definition.is_type_of is not None:
        return frozenset()
    generic = definition.concrete_of  # Connection, where the type is OperationConnection
    if generic is None:
        return frozenset({definition.origin})
    # Without interfaces nobody asks which of the generic's types an instance is.
    return frozenset() if definition.interfaces else frozenset({definition.origin, generic.origin})


def plain_attribute(parent: GraphQLObjectType, field: GraphQLField) -> str | None:
    """The attribute a field simply shows; None where anything else may happen on the way.

    A field with a permission or another extension is no such field, nor is an attribute that its
    class computes.
    """
    definition = (field.extensions or {}).get("strawberry-definition")
    if type(definition) is not StrawberryField or not definition.is_basic_field or field.args:
        return None
    if definition.default_resolver is not getattr:
        return None
    held = getattr(origin_of(parent), definition.python_name, None)
    return None if hasattr(type(held), "__get__") else definition.python_name
