"""A schema for tests only, with fields and lists of every kind that rows could be compiled from."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

from schema.scalars import JSON, SCALARS, Long

NUMBER_OF_ITEMS = 12


@strawberry.enum
class Color(StrEnum):
    """Values that are their names."""

    RED = "RED"
    BLUE = "BLUE"


@strawberry.enum
class Size(Enum):
    """Values that are not their names."""

    SMALL = "s"
    LARGE = "l"


@strawberry.enum
class Taste(Enum):
    """Names that are others in GraphQL."""

    SWEET = strawberry.enum_value("SWEET", name="sugary")
    SOUR = "SOUR"


class Nobody(BasePermission):
    """Lets nobody through."""

    message = "not for you"

    def has_permission(self, source: Any, info: strawberry.Info[Any, Any], **kwargs: Any) -> bool:
        del source, info, kwargs
        return False


class Louder(FieldExtension):
    """Changes what a field shows."""

    def resolve(
        self, next_: Any, source: Any, info: strawberry.Info[Any, Any], **kwargs: Any
    ) -> str:
        return str(next_(source, info, **kwargs)).upper()


@strawberry.interface
class Named:
    """Something with a name."""

    name: str


@strawberry.type
class Part:
    """Something plain within something else."""

    label: str
    weight: float | None = None


@strawberry.type
class Item(Named):
    """One field of every kind."""

    number: int
    count: Long
    price: float
    exact: Decimal
    day: date
    moment: datetime
    key: UUID
    own: strawberry.ID
    is_new: bool
    data: JSON
    color: Color
    size: Size
    taste: Taste
    colors: list[Color]
    words: list[str]
    pairs: list[list[int]]
    part: Part
    parts: list[Part]
    wait: timedelta
    nothing: str | None = None
    renamed: str = strawberry.field(name="another", default="renamed")
    old: str = strawberry.field(deprecation_reason="old", default="old")
    secret: str | None = strawberry.field(permission_classes=[Nobody], default="secret")
    needed_secret: str = strawberry.field(permission_classes=[Nobody], default="secret")
    loud: str = strawberry.field(extensions=[Louder()], default="loud")

    @strawberry.field
    def made(self) -> str:
        """With a resolver."""
        return self.name * 2

    @strawberry.field
    async def awaited(self, times: int = 2) -> str:
        """With an argument, and later."""
        return self.name * times

    @strawberry.field
    def mine(self) -> list["Item"]:
        """The same again."""
        return items()


@strawberry.type
class OtherItem(Named):
    """Another thing with a name."""

    number: str = "other"


def item(n: int) -> Item:
    """An item with a value in every field."""
    return Item(
        name=f"item {n}",
        number=n - 3,
        count=Long(2**40 + n),
        price=n / 3,
        exact=Decimal(n) / 4,
        day=date(2026, 11, n + 1),
        moment=datetime(2026, 11, n + 1, 9, 30, tzinfo=UTC),
        key=UUID(int=n),
        own=strawberry.ID(str(n)),
        is_new=n % 2 == 0,
        data=JSON({"n": [n, None, {"x": n / 2}]}),
        color=list(Color)[n % 2],
        size=list(Size)[n % 2],
        taste=list(Taste)[n % 2],
        colors=list(Color)[: n % 3],
        words=["a"] * n,
        pairs=[[n, n]] * (n % 3),
        part=Part(label="part", weight=n / 7),
        parts=[Part(label=f"part {k}") for k in range(n)],
        wait=timedelta(seconds=n),
        nothing=None if n % 2 else "something",
    )


def items() -> list[Item]:
    """Enough of them for rows to be compiled."""
    return [item(n) for n in range(NUMBER_OF_ITEMS)]


def mixed() -> list[Any]:
    """Items and other items."""
    return [OtherItem(name="x") if n % 4 == 0 else item(n) for n in range(NUMBER_OF_ITEMS)]


def some_none() -> list[Item | None]:
    """Items, and nothing here and there."""
    return [None if n % 5 == 0 else item(n) for n in range(NUMBER_OF_ITEMS)]


async def awaited_item(n: int) -> Item:
    """An item that must be waited for."""
    return item(n)


def generated() -> Iterator[Item]:
    """Items one by one."""
    yield from items()


Either = Annotated[Item | OtherItem, strawberry.union("Either")]


def giving(make: Any) -> Any:
    """A root field that shows what ``make`` makes."""
    return strawberry.field(resolver=make)


@strawberry.type
class Query:
    """Lists of items in every wrapping."""

    items: list[Item] = giving(items)
    nullable: list[Item | None] | None = giving(some_none)
    not_all: list[Item] = giving(some_none)
    tuples: list[Item] = giving(lambda: tuple(items()))
    generators: list[Item] = giving(generated)
    later: list[Item] = giving(lambda: [awaited_item(n) for n in range(NUMBER_OF_ITEMS)])
    named: list[Named] = giving(mixed)
    either: list[Either] = giving(mixed)
    nested: list[list[Item]] = giving(lambda: [items(), [], items()[:3]])
    none: list[Item] | None = giving(lambda: None)
    one: Item = giving(lambda: item(1))
    not_a_list: list[Item] | None = giving(lambda: 7)
    texts: list[Item] | None = giving(lambda: ["x"] * NUMBER_OF_ITEMS)
    words: list[str] = giving(lambda: ["x"] * NUMBER_OF_ITEMS)
    colors: list[Color] = giving(lambda: list(Color) * NUMBER_OF_ITEMS)
    moments: list[datetime] = giving(lambda: [datetime(2026, 1, 1, tzinfo=UTC)] * NUMBER_OF_ITEMS)


def build(executor: Any = None) -> strawberry.Schema:
    """The schema, executed by one's own executor or by Strawberry's."""
    return strawberry.Schema(
        query=Query,
        types=[OtherItem],
        execution_context_class=executor,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
