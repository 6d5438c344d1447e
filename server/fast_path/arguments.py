"""Pass decoded inputs to root fields unconverted.

Strawberry converts a list item by item, even if each item is ready: a fifth of the time of a bulk
mutation. A field whose only argument is a struct, or a list of structs, calls its resolver
directly; anything else takes the field's own way.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from graphql import GraphQLField, GraphQLResolveInfo
from strawberry.types.base import StrawberryList
from strawberry.types.field import StrawberryField

from server.graphql.schema import TrackstoreSchema

PASSES_STRUCTS_KEY = "trackstore-passes-structs"
"""Marks a wrapped field, because the applications of one process share their fields."""


def pass_structs_on(schema: TrackstoreSchema, input_types: Iterable[type]) -> None:
    types = frozenset(input_types)
    mutations = schema._schema.mutation_type  # Strawberry has no public accessor
    for field in mutations.fields.values() if mutations is not None else ():
        definition: StrawberryField = field.extensions["strawberry-definition"]
        arguments = definition.arguments
        if PASSES_STRUCTS_KEY in field.extensions:
            continue
        if len(arguments) == 1 and not definition.extensions:
            argument_type = arguments[0].type
            if (
                argument_type.of_type
                if isinstance(argument_type, StrawberryList)
                else argument_type
            ) in types:
                wrap(schema, field, definition)


def wrap(schema: TrackstoreSchema, field: GraphQLField, definition: StrawberryField) -> None:
    stock, argument = field.resolve, definition.arguments[0]
    name = schema.config.name_converter.from_argument(argument)
    resolver = definition.base_resolver
    assert stock is not None
    assert resolver is not None
    info_name = resolver.info_parameter.name if resolver.info_parameter else None

    def resolve(source: Any, raw: GraphQLResolveInfo[Any], **values: Any) -> Any:
        value = values.get(name)
        if not is_decoded(value):
            return stock(source, raw, **values)
        info = schema.config.info_class(_raw_info=raw, _field=definition)
        keywords: dict[str, Any] = {argument.python_name: value}
        if info_name is not None:
            keywords[info_name] = info
        return definition.get_result(source, info, [source], keywords)

    field.resolve = resolve
    field.extensions[PASSES_STRUCTS_KEY] = True


def is_decoded(value: Any) -> bool:
    """Return whether it is a struct or a list of structs; a literal list may mix in variables."""
    if type(value) is not list:
        return isinstance(value, msgspec.Struct)
    items: list[Any] = value
    return bool(items) and all(issubclass(kind, msgspec.Struct) for kind in set(map(type, items)))
