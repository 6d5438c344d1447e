"""Create GraphQL types from rows, and describe their fields."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self, TypeVar

import strawberry

from store.database import Row

T = TypeVar("T")


def described(text: str, **options: Any) -> Any:
    return strawberry.field(description=text, **options)


def hydrate(cls: type[T], row: Mapping[Any, Any], **changes: Any) -> T:
    """Return a ``cls`` whose attributes are the columns of ``row``, without the generated ``__init__``.

    Types with fifty fields are created by the thousand, and naming each field again would cost more than
    everything else. A test compares the plain fields of every type with their columns.
    """
    instance = cls.__new__(cls)
    attributes = dict(row)
    attributes.update(changes)
    instance.__dict__ = attributes
    return instance


class FromRow:
    """Take attributes from the columns of the row, except for those listed here."""

    RENAMED: ClassVar[Mapping[str, str]] = {}
    """Columns of attributes with another name."""
    CONVERTED: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    """Converters of column values; null stays null."""

    @classmethod
    def from_row(cls, row: Row) -> Self:
        changes = {attribute: row[column] for attribute, column in cls.RENAMED.items()}
        for name, convert in cls.CONVERTED.items():
            value = row.get(name)
            if value is not None:
                changes[name] = convert(value)
        return hydrate(cls, row, **changes)


def type_of_rows(make: Callable[[Row], Any]) -> type[FromRow] | None:
    """Return the type if ``make`` is its inherited ``from_row``, else None."""
    is_generic = getattr(make, "__func__", None) is FromRow.from_row.__func__  # type: ignore[attr-defined]
    return make.__self__ if is_generic else None  # type: ignore[attr-defined]
