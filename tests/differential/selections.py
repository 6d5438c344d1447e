"""Selections made from the schema itself, so that a new field is selected without a second word."""

from functools import cache
from pathlib import Path

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

import schema

SDL = Path(schema.__file__).with_name("schema.graphql")


@cache
def contract() -> GraphQLSchema:
    """The schema as its SDL says it."""
    return build_schema(SDL.read_text())


def is_free(field: GraphQLField) -> bool:
    """Whether the field can be asked for without any argument."""
    return not any(is_required_argument(argument) for argument in field.args.values())


def fields_of(type_name: str) -> dict[str, GraphQLNamedType]:
    """The fields of a type that need no argument, with their named types."""
    parent = contract().type_map[type_name]
    assert isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
    return {n: get_named_type(f.type) for n, f in parent.fields.items() if is_free(f)}


def everything(type_name: str, levels: int = 0) -> str:
    """All plain fields of a type, and ``levels`` further ones of what its fields lead to."""
    found = ["__typename"]
    for name, kind in fields_of(type_name).items():
        if is_leaf_type(kind):
            found.append(name)
        elif levels > 0:
            found.append(f"{name} {{ {everything(kind.name, levels - 1)} }}")
    return " ".join(found)
