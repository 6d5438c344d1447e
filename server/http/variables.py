"""Bounds the variables of a request before anything is made of them."""

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

BATCHES = frozenset({"OperationInput", "EntryInput"})
"""Inputs that come by the thousand; of all others a request needs a few."""


@dataclass(frozen=True, slots=True)
class ObjectBounds:
    """Bound how many objects the inputs of one request may hold.

    ``objects`` and ``depth`` are of filters and the like; ``batch``, of operations and entries, is the
    bound of a batch.
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


def problem_of_size(variables: Mapping[str, Any], most: int) -> str | None:
    """Whether plain JSON variables hold more values than they may; decoded inputs do not count.

    Looks at each value once, and at no more of them than there may be.
    """
    level = [v for v in variables.values() if type(v) is dict or type(v) is list]
    seen = len(variables)
    while level:
        inner: list[Any] = []
        for value in level:
            seen += len(value)
            if seen > most:
                return f"more than {most:,} values in the variables: send several requests"
            items = value.values() if type(value) is dict else value
            inner += [item for item in items if type(item) is dict or type(item) is list]
        level = inner
    return None


@dataclass(frozen=True, slots=True)
class Shape:
    """A variable of an operation that holds input objects."""

    name: str
    type: GraphQLInputObjectType


def shapes_of(schema: GraphQLSchema, operation: OperationDefinitionNode) -> tuple[Shape, ...]:
    """The variables of an operation that hold input objects."""
    return tuple(
        Shape(definition.variable.name.value, kind)
        for definition in operation.variable_definitions or ()
        if isinstance(kind := schema.get_type(named(definition.type)), GraphQLInputObjectType)
    )


def named(wanted: TypeNode) -> str:
    """The name inside of lists and exclamation marks."""
    while isinstance(wanted, NonNullTypeNode | ListTypeNode):
        wanted = wanted.type
    assert isinstance(wanted, NamedTypeNode)
    return wanted.name.value


def problem_of_shapes(
    shapes: tuple[Shape, ...], variables: Mapping[str, Any], bounds: ObjectBounds
) -> str | None:
    """What is too much before it is coerced, which takes long for each object; decoded ones are done."""
    for shape in shapes:
        given = variables.get(shape.name)
        if type(given) is not list and type(given) is not dict:
            continue
        if shape.type.name in BATCHES:
            # The field itself says more of a batch that is a little too large; it costs the more.
            if type(given) is list and len(given) > 2 * bounds.batch:
                found = len(given)
                return (
                    f"{shape.name}: {found:,} items, at most {bounds.batch:,} in one call: "
                    "send several"
                )
            continue
        problem = problem_of_objects(given, shape.type, bounds)
        if problem is not None:
            return f"{shape.name}: {problem}"
    return None


def problem_of_objects(
    given: Any, kind: GraphQLInputObjectType, bounds: ObjectBounds
) -> str | None:
    """Whether an input holds too many objects, or one in the other; JSON inside counts as a value."""
    found, depth = 0, 0
    level: list[tuple[Any, GraphQLInputObjectType]] = [(given, kind)]
    while level:
        depth += any(type(value) is dict for value, _ in level)
        inner: list[tuple[Any, GraphQLInputObjectType]] = []
        for value, type_ in level:
            if type(value) is list:
                inner += [(item, type_) for item in value if type(item) in (dict, list)]
                continue
            found += 1
            for name, item in value.items():
                if type(item) is dict or type(item) is list:
                    field = type_.fields.get(name)
                    wanted = get_named_type(field.type) if field is not None else None
                    if isinstance(wanted, GraphQLInputObjectType):
                        inner.append((item, wanted))
        if found + len(inner) > bounds.objects:
            return f"more than {bounds.objects:,} objects: split it up"
        if depth > bounds.depth:
            return f"nested deeper than {bounds.depth} levels: ask for less at once"
        level = inner
    return None
