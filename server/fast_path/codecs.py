"""Codecs for input types, generated from the Strawberry types themselves.

A codec turns the JSON of a variable into structs that have the attributes of the input type, in
one step in C. It accepts only what the stock path accepts, with the same meaning; whatever it does
not accept is left to the stock path, which then says what is wrong in its own words.
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


class IsoDuration(ABC):  # noqa: B024  # it only stands for a class of another name
    """A ``timedelta`` as our scalar reads it; msgspec's own reading takes other texts, too."""


IsoDuration.register(timedelta)


class NamedRange(ABC):  # noqa: B024  # it only stands for a class of another name
    """A ``TimeRange`` as our scalar reads it; msgspec would read an object of its fields."""


NamedRange.register(TimeRange)


def read_own(wanted: type, value: Any) -> Any:
    """Reads what msgspec does not know by itself; raises ``ValueError``."""
    if wanted is NamedRange:
        return parse_time_range(value)
    assert wanted is IsoDuration
    return parse_duration(value)


EXACT = 2**53
"""From here on GraphQL refuses a whole number that is no float; which ones, it says itself."""
LEAVES: dict[Any, Any] = {
    str: str,
    bool: bool,
    float: Annotated[float, msgspec.Meta(gt=-EXACT, lt=EXACT)],
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
"""What the scalars of the contract are to msgspec. A scalar that is not here has no codec."""


class MissingCodecError(Exception):
    """An input type holds something that has no exact counterpart here."""


class Codecs:
    """Decoders by GraphQL input type, made when they are first asked for.

    ``schema`` reads and writes its scalars as ``schema.scalars`` says.
    """

    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = schema
        self._structs: dict[type, Any] = {}
        self._making: set[type] = set()

    def decoder_of(self, input_type: type, is_list: bool) -> msgspec.json.Decoder[Any]:
        """Decodes one input, or a list of them; raises ``MissingCodecError``."""
        struct = self.struct_of(input_type)
        wanted = list[struct] if is_list else struct  # type: ignore[valid-type]
        return msgspec.json.Decoder(wanted, dec_hook=read_own)

    def struct_of(self, input_type: type) -> Any:
        """The struct with the fields of an input type; raises ``MissingCodecError``."""
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
            raise MissingCodecError(f"{input_type.__name__} does more than to hold values")
        definition = get_object_definition(input_type, strict=True)
        fields = [self._field(field, definition) for field in definition.fields]
        base: type[msgspec.Struct] = ExactlyOne if is_one_of(definition) else msgspec.Struct
        return msgspec.defstruct(
            input_type.__name__,
            fields,
            bases=(base,),
            kw_only=True,
            forbid_unknown_fields=True,
            gc=False,  # decoded JSON holds no cycles: the collector need not look at it
            rename=self._names(definition),
        )

    def _names(self, definition: StrawberryObjectDefinition) -> dict[str, str]:
        convert = self._schema.config.name_converter.from_field
        return {field.python_name: convert(field) for field in definition.fields}

    def _field(
        self, field: StrawberryField, definition: StrawberryObjectDefinition
    ) -> tuple[Any, ...]:
        wanted = field.resolve_type(type_definition=definition)
        if field.default_factory is not MISSING:
            raise MissingCodecError(
                f"{field.python_name} has a default that is made again each time"
            )
        if is_one_of(definition):
            # A key that is given must not be null, so null is no value here.
            return field.python_name, self._type(wanted.of_type), strawberry.UNSET  # type: ignore[union-attr]
        as_type = self._type(wanted)
        if field.default is not MISSING:
            return field.python_name, as_type, field.default
        if isinstance(wanted, StrawberryOptional):
            return field.python_name, as_type, None
        return field.python_name, as_type

    def _type(self, wanted: Any) -> Any:
        if isinstance(wanted, StrawberryMaybe):
            raise MissingCodecError(f"{wanted!r} tells null from what is left out")
        if isinstance(wanted, StrawberryOptional):
            return self._type(wanted.of_type) | None
        if isinstance(wanted, StrawberryList):
            return list[self._type(wanted.of_type)]  # type: ignore[misc]
        if isinstance(wanted, LazyType):
            return self._type(wanted.resolve_type())
        if isinstance(wanted, StrawberryEnumDefinition):
            return self._enum(wanted)
        if wanted in LEAVES:
            return LEAVES[wanted]
        if get_object_definition(wanted) is not None:
            return self.struct_of(wanted)
        raise MissingCodecError(f"{wanted!r} has no codec")

    def _enum(self, wanted: StrawberryEnumDefinition) -> type[Enum]:
        """GraphQL sends names, msgspec reads values: fine where they are the same."""
        members: type[Enum] = wanted.wrapped_cls  # type: ignore[assignment]
        shown = {value.name: value.value for value in wanted.values}
        if shown != {member.value: member.value for member in members}:
            raise MissingCodecError(f"{wanted.name} has values that are not its names")
        return members


class ExactlyOne(msgspec.Struct):
    """Base of one-of inputs: exactly one field is given."""

    def __post_init__(self) -> None:
        given = sum(getattr(self, n) is not strawberry.UNSET for n in self.__struct_fields__)
        if given != 1:
            raise ValueError("exactly one must be given")


def is_one_of(definition: StrawberryObjectDefinition) -> bool:
    """Whether exactly one field of an input must be given."""
    return definition.is_one_of


def has_behaviour(input_type: type) -> bool:
    """Whether the class has methods, properties or a hook of its own; a struct has none of them."""
    held = {name: value for kind in input_type.__mro__[:-1] for name, value in vars(kind).items()}
    return "__post_init__" in held or any(
        hasattr(type(value), "__get__") for name, value in held.items() if not name.startswith("__")
    )
