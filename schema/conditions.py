"""Define input fields that are conditions: an omitted one asks for nothing, null is refused."""

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
class FieldCondition:
    """Hold a condition that was sent: the field's Python name, its value and its path."""

    name: str
    value: Any
    path: Path


def condition(text: str, **options: Any) -> Any:
    """Describe a field that is a condition; an omitted one is UNSET, so that null can be refused."""
    return described(text, default=strawberry.UNSET, **options)


def conditions_in(value: Any, path: Path) -> Iterator[FieldCondition]:
    """Yield each condition of an input; raise ``InvalidInputError`` for one that is null.

    Null is refused because a caller's missing value becomes null: treated as "no condition" it would
    match every record. An input lists fields in ``NULLABLE`` whose null has a meaning.
    """
    definition = get_object_definition(type(value), strict=True)
    nullable: frozenset[str] = getattr(value, "NULLABLE", frozenset())
    for field in definition.fields:
        condition_value = getattr(value, field.python_name)
        if condition_value is strawberry.UNSET:
            continue
        place = (*path, graphql_name(field))
        if condition_value is None and field.python_name not in nullable:
            raise InvalidInputError(null_message(definition.fields, field), place)
        yield FieldCondition(field.python_name, condition_value, place)


def operators_in(
    value: Any, path: Path, *, apart_from: tuple[str, ...] = ()
) -> list[FieldCondition]:
    """Return the conditions of an input; raise ``InvalidInputError`` if it has none."""
    conditions = [part for part in conditions_in(value, path) if part.name not in apart_from]
    if not conditions:
        names = [
            graphql_name(field)
            for field in get_object_definition(type(value), strict=True).fields
            if field.python_name not in apart_from
        ]
        problem, alternative = "no operator was given.", f"leave {last_name(path)} out."
        message = Choices(
            f"{problem} Use {', '.join(names[:-1])} or {names[-1]}, or {alternative}",
            f"{problem} Send one, or {alternative}",
        )
        raise InvalidInputError(message, path)
    return conditions


def null_message(fields: list[StrawberryField], field: StrawberryField) -> str:
    kind = field.type.of_type if isinstance(field.type, StrawberryOptional) else field.type
    inner = get_object_definition(kind)
    names = {input_field.python_name for input_field in (inner.fields if inner else fields)}
    hint = (
        f" Records without a value are found by {{{to_camel_case(NULL_OPERATOR)}: true}}."
        if NULL_OPERATOR in names
        else ""
    )
    return f"null is not a condition. Send a value, or leave it out.{hint}"


def graphql_name(field: StrawberryField) -> str:
    return field.graphql_name or to_camel_case(field.python_name)


def last_name(path: Path) -> str:
    return next(step for step in reversed(path) if isinstance(step, str))
