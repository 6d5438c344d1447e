"""Bound the variables of a request before they are coerced."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLSchema,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    TypeNode,
    get_named_type,
)
from pydantic import Field

BATCH_INPUTS = frozenset({"OperationInput", "EntryInput"})
"""Inputs that are sent by the thousand; a request needs few of the others."""


@dataclass(frozen=True, slots=True)
class ObjectBounds:
    """Bound the objects in the inputs of one request; each is a setting.

    ``objects`` and ``depth`` apply to filters and the like, ``batch`` to operations and entries.
    """

    objects: Annotated[
        int,
        Field(
            validation_alias="max_objects",
            ge=1,
            le=100_000,
            description="Objects in a variable such as a filter, or written into a document; batches "
            "of operations and entries aside.",
        ),
    ] = 1_000
    depth: Annotated[
        int,
        Field(
            validation_alias="max_variable_depth",
            ge=2,
            le=500,
            description="Levels of objects inside a variable such as a filter.",
        ),
    ] = 32
    batch: int = 10_000


def problem_of_size(variables: Mapping[str, Any], maximum: int) -> str | None:
    """Check that JSON variables hold at most ``maximum`` values; decoded inputs do not count.

    Visits each value once, and at most ``maximum`` of them.
    """
    level = [v for v in variables.values() if type(v) is dict or type(v) is list]
    value_count = len(variables)
    while level:
        nested: list[Any] = []
        for value in level:
            value_count += len(value)
            if value_count > maximum:
                return f"The variables must not exceed {maximum:,} values. Split them into several requests."
            items = value.values() if type(value) is dict else value
            nested += [item for item in items if type(item) is dict or type(item) is list]
        level = nested
    return None


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    type: GraphQLInputObjectType


def shapes_of(schema: GraphQLSchema, operation: OperationDefinitionNode) -> tuple[Shape, ...]:
    return tuple(
        Shape(definition.variable.name.value, kind)
        for definition in operation.variable_definitions or ()
        if isinstance(kind := schema.get_type(type_name(definition.type)), GraphQLInputObjectType)
    )


def type_name(type_node: TypeNode) -> str:
    while isinstance(type_node, NonNullTypeNode | ListTypeNode):
        type_node = type_node.type
    assert isinstance(type_node, NamedTypeNode)
    return type_node.name.value


def problem_of_shapes(
    shapes: tuple[Shape, ...], variables: Mapping[str, Any], bounds: ObjectBounds
) -> str | None:
    """Check variables before coercion, which takes long per object; skip decoded ones."""
    for shape in shapes:
        value = variables.get(shape.name)
        if type(value) is not list and type(value) is not dict:
            continue
        if shape.type.name in BATCH_INPUTS:
            # The field itself reports a batch that is slightly too large in more detail.
            if type(value) is list and len(value) > 2 * bounds.batch:
                item_count = len(value)
                return (
                    f"{shape.name}: A call must not exceed {bounds.batch:,} items (got {item_count:,}). "
                    "Split it into several calls."
                )
            continue
        problem = problem_of_objects(value, shape.type, bounds)
        if problem is not None:
            return f"{shape.name}: {problem}"
    return None


def problem_of_objects(
    input_value: Any, kind: GraphQLInputObjectType, bounds: ObjectBounds
) -> str | None:
    """Check number and depth of an input's objects; JSON values count as one."""
    object_count, depth = 0, 0
    level: list[tuple[Any, GraphQLInputObjectType]] = [(input_value, kind)]
    while level:
        depth += any(type(value) is dict for value, _ in level)
        next_level: list[tuple[Any, GraphQLInputObjectType]] = []
        for value, type_ in level:
            if type(value) is list:
                next_level += [(item, type_) for item in value if type(item) in (dict, list)]
                continue
            object_count += 1
            for name, item in value.items():
                if type(item) is dict or type(item) is list:
                    field = type_.fields.get(name)
                    named_type = get_named_type(field.type) if field is not None else None
                    if isinstance(named_type, GraphQLInputObjectType):
                        next_level.append((item, named_type))
        if object_count + len(next_level) > bounds.objects:
            return f"The input must not exceed {bounds.objects:,} objects. Split it into several requests."
        if depth > bounds.depth:
            return f"The input must not be nested deeper than {bounds.depth} levels."
        level = next_level
    return None
