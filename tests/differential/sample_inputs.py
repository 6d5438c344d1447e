"""Inputs made for tests: what has a codec, with every kind of field, and what must not have one."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import get_object_definition

from schema.scalars import JSON, SCALARS, Long, Number
from store.validation import to_utc


@strawberry.enum
class Color(StrEnum):
    """Values that are their names."""

    RED = "RED"
    BLUE = "BLUE"


@strawberry.enum
class Size(Enum):
    """Values that are not their names."""

    SMALL = "s"


@strawberry.enum
class Count(Enum):
    """Values that are numbers."""

    ONE = 1


@strawberry.enum
class Taste(Enum):
    """A value with another name in GraphQL."""

    SWEET = strawberry.enum_value("SWEET", name="sugary")


@strawberry.input
class Inner:
    """Something within."""

    label: str
    weight: float = 1.0


@strawberry.input
class Thing:
    """A field of every kind that has a codec."""

    text: str
    number: int | None
    long: Long | None
    figure: Number | None
    ratio: float | None
    flag: bool | None
    own: strawberry.ID | None
    key: UUID | None
    at: datetime | None
    wait: timedelta | None
    data: JSON | None
    color: Color | None
    inner: Inner | None
    later: Annotated["Late", strawberry.lazy("tests.differential.sample_inputs")] | None
    texts: list[str] | None
    inners: list[Inner] | None
    maybes: list[str | None] | None
    grid: list[list[int]] | None
    some_name: str | None
    other: str | None = strawberry.field(name="called", default="other")
    given: str | None = None
    filled: str | None = "filled"
    needed: str = "needed"
    shade: Color = Color.BLUE
    unset: str | None = strawberry.UNSET


@strawberry.input
class Late:
    """Named before it is there."""

    color: Color | None = None


@strawberry.input(one_of=True)
class Choice:
    """Exactly one of these."""

    text: str | None = strawberry.UNSET
    inner: Inner | None = strawberry.UNSET
    texts: list[str] | None = strawberry.UNSET


def described(value: Any) -> Any:
    """A value with the classes of all that is in it, so that nothing looks like something else."""
    if isinstance(value, list):
        return [described(member) for member in value]
    definition = get_object_definition(KNOWN.get(type(value).__name__, type(value)))
    if definition is not None:
        return {f.python_name: described(getattr(value, f.python_name)) for f in definition.fields}
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = to_utc(value)  # the same instant: the store turns all of them to UTC
    return f"{type(value).__name__} {value!r}"


KNOWN = {kind.__name__: kind for kind in (Thing, Inner, Late, Choice)}
"""A struct carries the name of its input type."""


@strawberry.type
class Query:
    """What an input is to a resolver."""

    @strawberry.field
    def thing(self, value: Thing) -> JSON:
        """One thing."""
        return JSON(described(value))

    @strawberry.field
    def things(self, value: list[Thing]) -> JSON:
        """Several."""
        return JSON(described(value))

    @strawberry.field
    def choice(self, value: Choice) -> JSON:
        """One of several."""
        return JSON(described(value))


THINGS = strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map=SCALARS))


@strawberry.input
class WithDecimal:
    """A scalar that has no counterpart."""

    amount: Decimal


@strawberry.input
class WithSize:
    """An enum whose values are not its names."""

    size: Size


@strawberry.input
class WithCount:
    """An enum of numbers."""

    count: list[Count]


@strawberry.input
class WithTaste:
    """An enum with names of its own."""

    taste: Taste | None = None


@strawberry.input
class WithMaybe:
    """A field that tells null from what is left out."""

    name: strawberry.Maybe[str | None]


@strawberry.input
class WithFactory:
    """A default that is made again each time."""

    names: list[str] = strawberry.field(default_factory=list)


@strawberry.input
class WithMethod:
    """A method that a resolver may call."""

    name: str

    def shout(self) -> str:
        """Louder."""
        return self.name.upper()


@strawberry.input
class WithProperty:
    """A property that a resolver may read."""

    name: str

    @property
    def loud(self) -> str:
        """Louder."""
        return self.name.upper()


@strawberry.input
class WithHook:
    """A hook that changes what is given."""

    name: str

    def __post_init__(self) -> None:
        self.name = self.name.strip()


@strawberry.input
class WithItself:
    """An input within itself."""

    name: str
    inner: Annotated["WithItself", strawberry.lazy("tests.differential.sample_inputs")] | None = (
        None
    )


@strawberry.input
class WithSomethingWithout:
    """What has no codec, within."""

    inners: list[WithDecimal] | None = None


WITHOUT_CODEC = (
    WithDecimal, WithSize, WithCount, WithTaste, WithMaybe, WithFactory, WithMethod,
    WithProperty, WithHook, WithItself, WithSomethingWithout,
)  # fmt: skip
