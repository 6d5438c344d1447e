"""The GraphQL schema as these tests look at it: its own types, and Strawberry's view of them."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from graphql import GraphQLSchema
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition

from server.graphql.schema import TrackstoreSchema, build_schema


@cache
def api() -> TrackstoreSchema:
    """The schema with its usual limits."""
    return build_schema()


def graphql() -> GraphQLSchema:
    """The same as graphql-core has it."""
    made: GraphQLSchema = api()._schema
    return made


def own_types() -> Iterator[Any]:
    """Every named type that is not GraphQL's own, in order of its name."""
    builtin = {"Boolean", "Float", "ID", "Int", "String"}
    for name, type_ in sorted(graphql().type_map.items()):
        if not name.startswith("__") and name not in builtin:
            yield type_


def definition_of(cls: type[Any]) -> StrawberryObjectDefinition:
    """Strawberry's definition of a type or input."""
    return get_object_definition(cls, strict=True)
