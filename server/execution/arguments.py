"""Root fields that take one list of decoded inputs get it as it is.

Strawberry converts a list item by item, also where each item is ready: a fifth of the time of a
bulk mutation. For a field with one such argument its resolver is called directly; whenever anything
is not a list of structs, the field's own way is taken.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from graphql import GraphQLField, GraphQLResolveInfo
from strawberry.types.base import StrawberryList
from strawberry.types.field import StrawberryField

from server.schema import TrackstoreSchema


def pass_lists_on(schema: TrackstoreSchema, input_types: Iterable[type]) -> None:
    """Wrap the mutations of ``schema`` that take one list of one of ``input_types``."""
    types = frozenset(input_types)
    mutations = schema._schema.mutation_type  # Strawberry has no public way to it
    for field in mutations.fields.values() if mutations is not None else ():
        definition: StrawberryField = field.extensions["strawberry-definition"]
        arguments = definition.arguments
        if len(arguments) == 1 and not definition.extensions:
            wanted = arguments[0].type
            if isinstance(wanted, StrawberryList) and wanted.of_type in types:
                wrap(schema, field, definition)


def wrap(schema: TrackstoreSchema, field: GraphQLField, definition: StrawberryField) -> None:
    """Call the field's own resolver past the conversion of a list that is ready."""
    stock, argument = field.resolve, definition.arguments[0]
    name = schema.config.name_converter.from_argument(argument)
    resolver = definition.base_resolver
    assert stock is not None
    assert resolver is not None
    info_name = resolver.info_parameter.name if resolver.info_parameter else None

    def resolve(source: Any, raw: GraphQLResolveInfo[Any], **values: Any) -> Any:
        items = values.get(name)
        if type(items) is not list or not items or not are_structs(items):
            return stock(source, raw, **values)
        info = schema.config.info_class(_raw_info=raw, _field=definition)
        keywords: dict[str, Any] = {argument.python_name: items}
        if info_name is not None:
            keywords[info_name] = info
        return definition.get_result(source, info, [source], keywords)

    field.resolve = resolve


def are_structs(items: list[Any]) -> bool:
    """Whether all of them are decoded: a literal list may hold variables beside literals."""
    return all(issubclass(kind, msgspec.Struct) for kind in set(map(type, items)))
