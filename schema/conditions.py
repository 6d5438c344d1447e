"""Fields of inputs that are conditions: one that is left out asks for nothing, null is refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import strawberry
from strawberry.types.base import StrawberryOptional, get_object_definition
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from schema.hydration import described
from store.errors import Choices, InvalidInputError

Path = tuple[str | int, ...]
NULL_OPERATOR = "is_null"
"""The operator that asks for records without a value."""


@dataclass(frozen=True, slots=True)
class Given:
    """A condition that was given: the field's name in Python, its value and its place."""

    name: str
    value: Any
    path: Path


def condition(text: str, **options: Any) -> Any:
    """Describe a field that is a condition; one that is left out is UNSET, so null can be refused."""
    return described(text, default=strawberry.UNSET, **options)


def given_in(value: Any, path: Path) -> Iterator[Given]:
    """Yield each condition of an input that was given; raise ``InvalidInputError`` for one that is null.

    Null is refused because it is what a missing value of the caller becomes: taken as "no
    condition" it would find every record. An input names fields in ``NULLABLE`` whose null means
    something.
    """
    definition = get_object_definition(type(value), strict=True)
    nullable: frozenset[str] = getattr(value, "NULLABLE", frozenset())
    for field in definition.fields:
        found = getattr(value, field.python_name)
        if found is strawberry.UNSET:
            continue
        place = (*path, graphql_name(field))
        if found is None and field.python_name not in nullable:
            raise InvalidInputError(null_message(definition.fields, field), place)
        yield Given(field.python_name, found, place)


def operators_in(value: Any, path: Path, *, apart_from: tuple[str, ...] = ()) -> list[Given]:
    """Return the conditions of an input that must have one; raise ``InvalidInputError`` where it has none."""
    found = [given for given in given_in(value, path) if given.name not in apart_from]
    if not found:
        names = [
            graphql_name(field)
            for field in get_object_definition(type(value), strict=True).fields
            if field.python_name not in apart_from
        ]
        wrong, leave = "no operator was given.", f"leave {last_name(path)} out."
        message = Choices(
            f"{wrong} Use {', '.join(names[:-1])} or {names[-1]}, or {leave}",
            f"{wrong} Send one, or {leave}",
        )
        raise InvalidInputError(message, path)
    return found


def null_message(fields: list[StrawberryField], field: StrawberryField) -> str:
    """Return what is said of a condition that is null."""
    kind = field.type.of_type if isinstance(field.type, StrawberryOptional) else field.type
    inner = get_object_definition(kind)
    names = {one.python_name for one in (inner.fields if inner else fields)}
    told = (
        f" Records without a value are found by {{{to_camel_case(NULL_OPERATOR)}: true}}."
        if NULL_OPERATOR in names
        else ""
    )
    return f"null is not a condition. Send a value, or leave it out.{told}"


def graphql_name(field: StrawberryField) -> str:
    """Return the name of a field as callers write it."""
    return field.graphql_name or to_camel_case(field.python_name)


def last_name(path: Path) -> str:
    """Return the name of the innermost field of a path."""
    return next(step for step in reversed(path) if isinstance(step, str))
