"""Arguments that many fields share, and how an argument is described.

An argument that decides which records an answer holds says here what becomes of it without a value:
``server.graphql.guarded_arguments`` refuses it, so that a caller's missing variable never finds more.
"""

from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry


def about(text: str) -> Any:
    """The description of an argument: ``Annotated[T, about("...")]``."""
    return strawberry.argument(description=text)


class Guard(Enum):
    """What is refused of an argument; the key of its mark in the argument's metadata."""

    ABSENT_INSIDE = "absent inside"
    """A variable without a value inside its literal."""
    FILTER_INSIDE = "filter inside"
    """That, in the field ``where`` of its literal."""
    NULL = "null"
    """That, and null in its own place, also by a variable without a value."""


def conditions(text: str) -> Any:
    """Describe an argument whose parts are conditions: each variable in it must have a value."""
    return strawberry.argument(description=text, metadata={Guard: Guard.ABSENT_INSIDE})


def where_of(noun: str) -> Any:
    """Describe a filter: without one nothing is filtered, so it may be left out or be null."""
    return conditions(f"Filters {noun}. If omitted, null or empty, nothing is filtered.")


def with_filter(text: str) -> Any:
    """Describe an input that has a filter in ``where``: each variable in that must have a value."""
    return strawberry.argument(description=text, metadata={Guard: Guard.FILTER_INSIDE})


def narrowing(text: str) -> Any:
    """Describe an argument that asks for less: it may be left out, but must not be null."""
    return strawberry.argument(
        description=f"{text} Cannot be null; omit it instead.",
        metadata={Guard: Guard.NULL},
    )


First = Annotated[int | None, about("Returns the first n records.")]
After = Annotated[str | None, about("Returns records after this cursor.")]
Last = Annotated[int | None, about("Returns the last n records.")]
Before = Annotated[str | None, about("Returns records before this cursor.")]
OwnId = Annotated[UUID, about("The record's own id (uuid).")]
SessionId = Annotated[strawberry.ID, about("The session's uuid, as chosen by its client.")]
