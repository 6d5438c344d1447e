"""Classify fields that only show an attribute, and check values that need no completion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from operator import attrgetter
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
    is_non_null_type,
)
from strawberry.types.field import StrawberryField

from store.validation import LONG_MAX, LONG_MIN

NONE = type(None)
PASSED_TYPES: dict[str, frozenset[type]] = {
    "String": frozenset({str}),
    "ID": frozenset({str}),
    "Boolean": frozenset({bool}),
    "Float": frozenset({float}),
    "Long": frozenset({int}),
    "UUID": frozenset({UUID}),
    "DateTime": frozenset({datetime}),
    "JSON": frozenset({dict, list, str, int, float, bool}),
}
"""Types whose values the encoder writes exactly as the scalar would."""
MAX_CACHED_FIELDS = 2_000
"""More than several schemas have together."""


@dataclass(frozen=True, slots=True)
class Field:
    """Describe a field that shows ``attribute``; values of the ``passed`` types need no completion.

    ``names`` are the values of an enum, None for all other types.
    """

    attribute: str
    leaf: str
    passed: frozenset[type]
    names: frozenset[str] | None


def field_of(parent: GraphQLObjectType, name: str) -> Field | None:
    field = plain_field(parent, name)
    return None if field is None or is_computed(parent, field.attribute) else field


def attribute_of(parent: GraphQLObjectType, field: GraphQLField) -> str | None:
    attribute = plain_attribute(field)
    return None if attribute is None or is_computed(parent, attribute) else attribute


def is_computed(parent: GraphQLObjectType, attribute: str) -> bool:
    return hasattr(type(getattr(origin_of(parent), attribute, None)), "__get__")


@lru_cache(maxsize=MAX_CACHED_FIELDS)
def plain_field(parent: GraphQLObjectType, name: str) -> Field | None:
    field = parent.fields.get(name)
    attribute = plain_attribute(field) if field is not None else None
    if field is None or attribute is None:
        return None
    leaf: GraphQLNamedType = get_named_type(field.type)
    required = is_non_null_type(field.type)
    if field.type is not leaf and not (required and field.type.of_type is leaf):
        return None  # a list
    names: frozenset[str] | None = None
    if isinstance(leaf, GraphQLEnumType):
        # Rows hold enum values as text, which must equal the names.
        if any(n != v.value for n, v in leaf.values.items()):
            return None
        passed, names = PASSED_TYPES["String"], frozenset(leaf.values)
    elif isinstance(leaf, GraphQLScalarType) and leaf.name in PASSED_TYPES:
        passed = PASSED_TYPES[leaf.name]
    else:
        return None
    return Field(attribute, leaf.name, passed if required else passed | {NONE}, names)


def plain_attribute(field: GraphQLField) -> str | None:
    definition = (field.extensions or {}).get("strawberry-definition")
    if type(definition) is not StrawberryField or not definition.is_basic_field or field.args:
        return None
    return definition.python_name if definition.default_resolver is getattr else None


def origin_of(object_type: GraphQLObjectType) -> type | None:
    definition = (object_type.extensions or {}).get("strawberry-definition")
    return definition.origin if definition is not None else None


def classes_of(named_type: GraphQLNamedType) -> frozenset[type]:
    """Return the classes whose instances certainly belong to a type; empty if that must be checked."""
    definition = (named_type.extensions or {}).get("strawberry-definition")
    if definition is None or definition.is_type_of is not None:
        return frozenset()
    generic = definition.concrete_of  # Connection for the type OperationConnection
    if generic is None:
        return frozenset({definition.origin})
    # Without interfaces, nothing checks which of the generic's types an instance is.
    return frozenset() if definition.interfaces else frozenset({definition.origin, generic.origin})


def complete(field: Field, values: Sequence[Any]) -> Sequence[Any] | None:
    kinds = set(map(type, values))
    if not kinds <= field.passed:
        # Drivers return their own UUID classes with the same text.
        if field.leaf != "UUID" or not all(k is NONE or issubclass(k, UUID) for k in kinds):
            return None
        if NONE in kinds and NONE not in field.passed:
            return None
        return [None if value is None else str(value) for value in values]
    present = values if NONE not in kinds else [v for v in values if v is not None]
    if field.names is not None and not field.names.issuperset(present):
        return None
    if field.leaf == "Float" and not all(map(isfinite, present)):
        return None
    if field.leaf == "Long" and present and (min(present) < LONG_MIN or max(present) > LONG_MAX):
        return None
    if datetime in kinds and not set(map(attrgetter("tzinfo"), present)) <= {UTC}:
        return None
    return values
