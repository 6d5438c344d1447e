"""How GraphQL types are made from rows, and how their fields are described."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self, TypeVar

import strawberry

from store.database import Row

T = TypeVar("T")


def described(text: str, **options: Any) -> Any:
    """A plain field with its description."""
    return strawberry.field(description=text, **options)


def hydrate(cls: type[T], row: Mapping[Any, Any], **changes: Any) -> T:
    """A ``cls`` whose attributes are the columns of ``row``, without the generated ``__init__``.

    Types with fifty fields are made by the thousand: naming each one again would cost more than
    all the rest. A test holds the plain fields of every type against the columns they come from.
    """
    made = cls.__new__(cls)
    own = dict(row)
    own.update(changes)
    made.__dict__ = own
    return made


class FromRow:
    """A type whose attributes are the columns of its row, but for what is said here."""

    RENAMED: ClassVar[Mapping[str, str]] = {}
    """Attributes that have another name than their column, with that."""
    CONVERTED: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    """Attributes that are made from their column's value; null stays null."""

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """From a row of the type's table."""
        changes = {attribute: row[column] for attribute, column in cls.RENAMED.items()}
        for name, convert in cls.CONVERTED.items():
            value = row.get(name)
            if value is not None:
                changes[name] = convert(value)
        return hydrate(cls, row, **changes)


def type_of_rows(make: Callable[[Row], Any]) -> type[FromRow] | None:
    """The type that ``make`` makes from rows, where it does nothing but what the type says."""
    plain = getattr(make, "__func__", None) is FromRow.from_row.__func__  # type: ignore[attr-defined]
    return make.__self__ if plain else None  # type: ignore[attr-defined]
