"""How GraphQL types are made from rows, and how their fields are described."""

from collections.abc import Mapping
from typing import Any, TypeVar

import strawberry

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
