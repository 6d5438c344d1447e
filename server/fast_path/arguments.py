"""Root fields that take one decoded input, or one list of them, get it as it is.

Strawberry converts a list item by item, also where each item is ready: a fifth of the time of a
bulk mutation. For a field with one such argument its resolver is called directly; whenever that is
not a struct or a list of structs, the field's own way is taken.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from graphql import GraphQLField, GraphQLResolveInfo
from strawberry.types.base import StrawberryList
from strawberry.types.field import StrawberryField

from server.graphql.schema import TrackstoreSchema

PASSES_STRUCTS = "trackstore-passes-structs"
"""Marks a wrapped field: the applications of a process share their fields, and each asks for this."""


def pass_structs_on(schema: TrackstoreSchema, input_types: Iterable[type]) -> None:
    """Wrap the mutations of ``schema`` that take one of ``input_types``, or one list of them."""
    types = frozenset(input_types)
    mutations = schema._schema.mutation_type  # Strawberry has no public way to it
    for field in mutations.fields.values() if mutations is not None else ():
        definition: StrawberryField = field.extensions["strawberry-definition"]
        arguments = definition.arguments
        if PASSES_STRUCTS in field.extensions:
            continue
        if len(arguments) == 1 and not definition.extensions:
            wanted = arguments[0].type
            if (wanted.of_type if isinstance(wanted, StrawberryList) else wanted) in types:
                wrap(schema, field, definition)


def wrap(schema: TrackstoreSchema, field: GraphQLField, definition: StrawberryField) -> None:
    """Call the field's own resolver past the conversion of what is ready."""
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
    field.extensions[PASSES_STRUCTS] = True


def is_decoded(value: Any) -> bool:
    """Whether it is a struct or a list of them: a literal list may hold variables beside literals."""
    if type(value) is not list:
        return isinstance(value, msgspec.Struct)
    items: list[Any] = value
    return bool(items) and all(issubclass(kind, msgspec.Struct) for kind in set(map(type, items)))
