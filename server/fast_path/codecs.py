"""Generate codecs for input types from the Strawberry types.

A codec decodes the JSON of a variable into structs with the attributes of the input type, in one
step in C. It accepts only what the stock path accepts, with the same meaning; anything else is left
to the stock path, which then words the error.
"""

from abc import ABC
from dataclasses import MISSING
from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import msgspec
import strawberry
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    get_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

from schema.scalars import JSON, Long, Number
from store.time_ranges import TimeRange, parse_duration, parse_time_range
from store.validation import INT_MAX, INT_MIN, LONG_MAX, LONG_MIN


class IsoDuration(ABC):  # noqa: B024  # only a marker type
    pass


IsoDuration.register(timedelta)


class NamedRange(ABC):  # noqa: B024  # only a marker type
    pass


NamedRange.register(TimeRange)


def decode_scalar(scalar_type: type, value: Any) -> Any:
    """Decode what msgspec does not know; raise ``ValueError``."""
    if scalar_type is NamedRange:
        return parse_time_range(value)
    assert scalar_type is IsoDuration
    return parse_duration(value)


MAX_EXACT_INTEGER = 2**53
"""From here on GraphQL refuses integers that a float cannot represent exactly."""
LEAF_TYPES: dict[Any, Any] = {
    str: str,
    bool: bool,
    float: Annotated[float, msgspec.Meta(gt=-MAX_EXACT_INTEGER, lt=MAX_EXACT_INTEGER)],
    strawberry.ID: str,
    int: Annotated[int, msgspec.Meta(ge=INT_MIN, le=INT_MAX)],
    Long: Annotated[int, msgspec.Meta(ge=LONG_MIN, le=LONG_MAX)],
    Number: Annotated[int, msgspec.Meta(ge=LONG_MIN, le=LONG_MAX)] | float,
    datetime: Annotated[datetime, msgspec.Meta(tz=True)],
    timedelta: IsoDuration,
    TimeRange: NamedRange,
    UUID: UUID,
    JSON: Any,
}
"""Types that msgspec decodes for each scalar; other scalars have no codec."""


class MissingCodecError(Exception):
    pass


class Codecs:
    """Build decoders by GraphQL input type on first use.

    ``schema`` reads and writes its scalars as in ``schema.scalars``.
    """

    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = schema
        self._structs: dict[type, Any] = {}
        self._making: set[type] = set()

    def decoder_of(self, input_type: type, is_list: bool) -> msgspec.json.Decoder[Any]:
        struct = self.struct_of(input_type)
        decoded_type = list[struct] if is_list else struct  # type: ignore[valid-type]
        return msgspec.json.Decoder(decoded_type, dec_hook=decode_scalar)

    def struct_of(self, input_type: type) -> Any:
        if input_type in self._making:
            raise MissingCodecError(f"{input_type.__name__} contains itself")
        if input_type not in self._structs:
            self._making.add(input_type)
            try:
                self._structs[input_type] = self._make(input_type)
            finally:
                self._making.discard(input_type)
        return self._structs[input_type]

    def _make(self, input_type: type) -> Any:
        if has_behaviour(input_type):
            raise MissingCodecError(f"{input_type.__name__} has behavior beyond holding values")
        definition = get_object_definition(input_type, strict=True)
        fields = [self._field(field, definition) for field in definition.fields]
        base: type[msgspec.Struct] = ExactlyOne if is_one_of(definition) else msgspec.Struct
        return msgspec.defstruct(
            input_type.__name__,
            fields,
            bases=(base,),
            kw_only=True,
            forbid_unknown_fields=True,
            gc=False,  # decoded JSON holds no cycles to collect
            rename=self._names(definition),
        )

    def _names(self, definition: StrawberryObjectDefinition) -> dict[str, str]:
        convert = self._schema.config.name_converter.from_field
        return {field.python_name: convert(field) for field in definition.fields}

    def _field(
        self, field: StrawberryField, definition: StrawberryObjectDefinition
    ) -> tuple[Any, ...]:
        field_type = field.resolve_type(type_definition=definition)
        if field.default_factory is not MISSING:
            raise MissingCodecError(f"{field.python_name} has a default factory")
        if is_one_of(definition):
            # A present key must not be null.
            return field.python_name, self._type(field_type.of_type), strawberry.UNSET  # type: ignore[union-attr]
        as_type = self._type(field_type)
        if field.default is not MISSING:
            return field.python_name, as_type, field.default
        if isinstance(field_type, StrawberryOptional):
            return field.python_name, as_type, None
        return field.python_name, as_type

    def _type(self, field_type: Any) -> Any:
        if isinstance(field_type, StrawberryMaybe):
            raise MissingCodecError(f"{field_type!r} distinguishes null from an omitted field")
        if isinstance(field_type, StrawberryOptional):
            return self._type(field_type.of_type) | None
        if isinstance(field_type, StrawberryList):
            return list[self._type(field_type.of_type)]  # type: ignore[misc]
        if isinstance(field_type, LazyType):
            return self._type(field_type.resolve_type())
        if isinstance(field_type, StrawberryEnumDefinition):
            return self._enum(field_type)
        if field_type in LEAF_TYPES:
            return LEAF_TYPES[field_type]
        if get_object_definition(field_type) is not None:
            return self.struct_of(field_type)
        raise MissingCodecError(f"{field_type!r} has no codec")

    def _enum(self, definition: StrawberryEnumDefinition) -> type[Enum]:
        """Return the enum if its names equal its values: GraphQL sends names, msgspec reads values."""
        members: type[Enum] = definition.wrapped_cls  # type: ignore[assignment]
        values_by_name = {value.name: value.value for value in definition.values}
        if values_by_name != {member.value: member.value for member in members}:
            raise MissingCodecError(f"{definition.name} has values that differ from its names")
        return members


class ExactlyOne(msgspec.Struct):
    def __post_init__(self) -> None:
        set_count = sum(getattr(self, n) is not strawberry.UNSET for n in self.__struct_fields__)
        if set_count != 1:
            raise ValueError("exactly one field must be set")


def is_one_of(definition: StrawberryObjectDefinition) -> bool:
    return definition.is_one_of


def has_behaviour(input_type: type) -> bool:
    """Return whether the class has methods, properties or a hook, which a struct lacks."""
    members = {
        name: value for kind in input_type.__mro__[:-1] for name, value in vars(kind).items()
    }
    return "__post_init__" in members or any(
        hasattr(type(value), "__get__")
        for name, value in members.items()
        if not name.startswith("__")
    )
