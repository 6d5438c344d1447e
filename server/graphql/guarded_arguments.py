"""Refuse filter and narrowing arguments without a value.

GraphQL drops a field whose variable is absent: ``{eq: $w}`` becomes ``{}``, and ``client: $c`` counts
as omitted, so a missing variable would return every record instead of some. The check wraps the
resolvers, so that it applies however a document is executed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

import strawberry
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
)

from schema.arguments import Guard
from schema.conditions import Path
from store.errors import InvalidInputError

Resolve = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class AbsentVariable:
    name: str
    path: Path


def guard_arguments(schema: strawberry.Schema) -> None:
    for kind in schema._schema.type_map.values():  # Strawberry has no public accessor
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                guards = guards_of(field)
                if guards:
                    field.resolve = guarded(field.resolve, guards)
                    field.subscribe = guarded(field.subscribe, guards)


def guards_of(field: GraphQLField) -> dict[str, Guard]:
    guards: dict[str, Guard] = {}
    for name, argument in field.args.items():
        definition = argument.extensions.get("strawberry-definition")
        guard = definition.metadata.get(Guard) if definition is not None else None
        if guard is not None:
            guards[name] = guard
    return guards


def guarded(resolve: Resolve | None, guards: Mapping[str, Guard]) -> Resolve | None:
    if resolve is None:
        return None

    @wraps(resolve)
    def check_and_resolve(source: Any, info: Any, **values: Any) -> Any:
        check_arguments(info.field_nodes[0], guards, info.variable_values)
        return resolve(source, info, **values)

    return check_and_resolve


def check_arguments(
    node: FieldNode, guards: Mapping[str, Guard], variables: Mapping[str, Any]
) -> None:
    """Raise ``InvalidInputError`` for the first argument, or place in one, without a value.

    ``variables`` are coerced; an absent one without a default is missing from them.
    """
    for argument in node.arguments or ():
        name, value = argument.name.value, argument.value
        guard = guards.get(name)
        if guard is None:
            continue
        if isinstance(value, VariableNode):
            if guard is Guard.NULL and variables.get(value.name.value) is None:
                raise refusal((name,), value.name.value, variables)
        elif isinstance(value, NullValueNode):
            if guard is Guard.NULL:
                raise refusal((name,), None, variables)
        else:
            literals = (
                filters_in(value, name) if guard is Guard.FILTER_INSIDE else [(value, (name,))]
            )
            absent = next((a for v, path in literals for a in absent_in(v, path, variables)), None)
            if absent is not None:
                raise refusal(absent.path, absent.name, variables)


def filters_in(value: ValueNode, name: str) -> list[tuple[ValueNode, Path]]:
    fields = value.fields if isinstance(value, ObjectValueNode) else ()
    return [
        (field.value, (name, "where"))
        for field in fields
        if field.name.value == "where" and not isinstance(field.value, VariableNode)
    ]


def absent_in(
    value: ValueNode, path: Path, variables: Mapping[str, Any]
) -> Iterator[AbsentVariable]:
    waiting: list[tuple[ValueNode, Path]] = [(value, path)]
    while waiting:
        node, path_inside = waiting.pop()
        if isinstance(node, VariableNode):
            if node.name.value not in variables:
                yield AbsentVariable(node.name.value, path_inside)
        elif isinstance(node, ObjectValueNode):
            waiting += [(f.value, (*path_inside, f.name.value)) for f in reversed(node.fields)]
        elif isinstance(node, ListValueNode):
            items = list(enumerate(node.values))
            waiting += [(item, (*path_inside, index)) for index, item in reversed(items)]


def refusal(path: Path, variable: str | None, variables: Mapping[str, Any]) -> InvalidInputError:
    noun = "argument" if len(path) == 1 else "condition"
    if variable is None:
        reason = f"null is not a value of this {noun}"
    elif variable in variables:
        reason = f"the variable ${variable} is null"
    else:
        reason = f"the variable ${variable} has no value"
    return InvalidInputError(f"{reason}. Send one, or leave the {noun} out of the document.", path)
